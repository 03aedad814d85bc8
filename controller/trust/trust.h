/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.h - who may talk to the controller: its certificate authority, the join of hosts
 * and the user data they start with, machines that wait to be hosts, and tokens.
 */
#ifndef CONTROLLER_TRUST_TRUST_H
#define CONTROLLER_TRUST_TRUST_H

#include "ca.h"
#include "join.h"
#include "portable.h"
#include "standby.h"
#include "store_user.h"
#include "token.h"
#include "user_data.h"

#endif
