/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * token.h - a token with its expiry, in memory only.
 */
#ifndef CLOUD_DRIVERS_REST_TOKEN_H
#define CLOUD_DRIVERS_REST_TOKEN_H

#include "cleanup.h"

#include <stdint.h>

/* All zero is none. */
struct rest_token {
	char *text;
	int64_t until_mono_ms; /* a new one is got from then on; INT64_MAX: it does not
				  expire */
};

/*
 * Keeps a copy of text, which is valid for ttl_ms from now_mono_ms on (0: for ever). It
 * is renewed a fifth of that, and at most a minute, before it expires.
 */
void rest_token_set(struct rest_token *t, const char *text, int64_t ttl_ms,
		    int64_t now_mono_ms);
/* NULL when there is none or it is to be renewed. */
const char *rest_token_get(const struct rest_token *t, int64_t now_mono_ms);
void rest_token_done(struct rest_token *t); /* wipes it; there is none then */

/* Wipes and frees a secret; NULL is allowed. */
void rest_wipe(char *secret);
DEFINE_CLEANUP(char *, rest_wipe);

#endif
