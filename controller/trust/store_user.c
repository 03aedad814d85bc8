/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_user.h"

#include "check.h"
#include "cleanup.h"

char *store_user_name(const char *kind, const char *host)
{
	return xasprintf("%s%s", kind, host);
}

void store_user_password(const char *secret, const char *user, char ret[TOKEN_TEXT])
{
	CLEANUP(free) char *of = xasprintf("store user %s", user);

	token_derive(secret, of, ret);
}
