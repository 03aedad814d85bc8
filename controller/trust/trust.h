/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.h - who may talk to the controller: its CA, join tokens, people's tokens.
 */
#ifndef CONTROLLER_TRUST_TRUST_H
#define CONTROLLER_TRUST_TRUST_H

#include "ca.h"
#include "join.h"
#include "token.h"

#endif
