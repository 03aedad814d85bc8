/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "standby.h"

#include "check.h"
#include "cleanup.h"
#include "heap.h"
#include "script.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define NAME_BYTES 60

int standby_script(const char *controller, const char *ca_pem, char **ret,
		   struct err *err)
{
	const struct script_place places[] = {
		{ "controller", controller, SCRIPT_LETTERS ":/.-[]" },
		{ "ca_pem", ca_pem, SCRIPT_LETTERS "+/=- \r\n" },
		{ NULL, NULL, NULL },
	};

	return script_make("standby.sh", places, ret, err);
}

void standby_key(const char *secret, const char *kind, const char *name,
		 char ret[TOKEN_TEXT])
{
	/* No launch id has a slash: the key is never a join token. */
	CLEANUP(free) char *of = xasprintf("standby/%s/%s", kind, name);

	token_derive(secret, of, ret);
}

bool standby_is_key(const char *secret, const char *kind, const char *name,
		    const char *key)
{
	char right[TOKEN_TEXT];

	standby_key(secret, kind, name, right);
	return strlen(key) == strlen(right) &&
	       gnutls_memcmp(key, right, strlen(right)) == 0;
}

/* The script is fetched before its CA is known, and so believed by its digest alone. */
int standby_command(const char *controller, const char *script, const char *secret,
		    const char *kind, const char *name, char **ret, struct err *err)
{
	const size_t n = strspn(name, NAME_LETTERS);
	char key[TOKEN_TEXT], sum[TOKEN_HASH_TEXT];

	if (n == 0 || n > NAME_BYTES || name[n] || name[0] == '-')
		return err_set(err, ERR_INVAL,
			       "the name of a %s must be 1 to %d of a-z, 0-9 and '-'",
			       kind, NAME_BYTES);
	standby_key(secret, kind, name, key);
	token_hash(script, sum);
	*ret = xasprintf("#!/bin/sh\n"
			 "f=$(mktemp) u=%s/v1/agent/standby; "
			 "{ curl -gfsSko \"$f\" \"$u\" || "
			 "wget -qO \"$f\" --no-check-certificate \"$u\"; } && "
			 "echo \"%s  $f\" | sha256sum -c - >/dev/null && "
			 "FORETIDE_KEY=%s sh \"$f\" %s %s; rm -f \"$f\"\n",
			 controller, sum, key, kind, name);
	explicit_bzero(key, sizeof(key));
	return 0;
}
