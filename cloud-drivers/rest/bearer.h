/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bearer.h - clouds whose API is one address and whose credentials are one token.
 */
#ifndef CLOUD_DRIVERS_REST_BEARER_H
#define CLOUD_DRIVERS_REST_BEARER_H

#include "cleanup.h"
#include "err.h"

#include <jansson.h>

struct rest_bearer {
	char *token;
	char *endpoint;         /* without a slash at its end */
	const char *secrets[2]; /* the token, as struct rest wants them */
};

/*
 * From the object that open() gets: its "endpoint", and "token" and "endpoint" of its
 * "credentials"; the profile's address comes first. endpoint is the cloud's own.
 * ERR_INVAL names what is missing, unknown or wrong; advice says where a token is got.
 */
int rest_bearer_read(const json_t *config, const char *endpoint, const char *advice,
		     struct rest_bearer *ret, struct err *err) MUST_CHECK;
void rest_bearer_done(struct rest_bearer *b); /* wipes the token */
DEFINE_CLEANUP_OBJECT(struct rest_bearer, rest_bearer_done);

#endif
