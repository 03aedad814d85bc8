/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jwt.h - a claim signed by a service account's key (RFC 7519, RS256).
 */
#ifndef GCE_JWT_H
#define GCE_JWT_H

#include "err.h"

#include <jansson.h>

/*
 *   key      PEM of an RSA key, PKCS #8 or PKCS #1
 *   key_id   for the header; NULL: none
 *   ret      "HEADER.CLAIMS.SIGNATURE"; the caller wipes and frees it
 *
 * ERR_INVAL when the key cannot be used; the error shows nothing of it.
 */
int jwt_sign(const char *key, const char *key_id, const json_t *claims, char **ret,
	     struct err *err);

/* Whether jwt_sign() can use it; the same error. */
int jwt_check_key(const char *key, struct err *err);

#endif
