/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_user.h - the two users that each host has at an etcd with users: of its agent,
 * and of its programs. Their passwords are derived, as join tokens are: nothing is kept
 * of them but by the host.
 */
#ifndef CONTROLLER_TRUST_STORE_USER_H
#define CONTROLLER_TRUST_STORE_USER_H

#include "token.h"

#define STORE_USER_OF_HOST "foretide-host-"
#define STORE_USER_OF_PROGRAMS "foretide-programs-"

/* "foretide-host-ID" and the like; the caller frees it. The user's role has its name. */
char *store_user_name(const char *kind, const char *host);
void store_user_password(const char *secret, const char *user, char ret[TOKEN_TEXT]);

#endif
