/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token.h"

#include "check.h"
#include "text.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

void token_new(char ret[TOKEN_TEXT])
{
	unsigned char bytes[32];

	CHECK(gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) == 0);
	memcpy(ret, "ft_", 3);
	hex_encode(bytes, sizeof(bytes), ret + 3);
	gnutls_memset(bytes, 0, sizeof(bytes));
}

void token_derive(const char *secret, const char *of, char ret[TOKEN_TEXT])
{
	unsigned char sum[32];

	CHECK(gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, strlen(secret), of, strlen(of),
			       sum) == 0);
	memcpy(ret, "ft_", 3);
	hex_encode(sum, sizeof(sum), ret + 3);
}

void token_hash_bytes(const void *data, size_t len, char ret[TOKEN_HASH_TEXT])
{
	unsigned char sum[32];

	CHECK(gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, sum) == 0);
	hex_encode(sum, sizeof(sum), ret);
}

void token_hash(const char *token, char ret[TOKEN_HASH_TEXT])
{
	token_hash_bytes(token, strlen(token), ret);
}
