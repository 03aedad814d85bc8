/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.h - who may talk to the controller: its certificate authority, the join of hosts,
 * and tokens.
 */
#ifndef CONTROLLER_TRUST_TRUST_H
#define CONTROLLER_TRUST_TRUST_H

#include "ca.h"
#include "join.h"
#include "token.h"

#endif
