/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * token.h - random secrets, of which the database has only the hash.
 */
#ifndef CONTROLLER_TRUST_TOKEN_H
#define CONTROLLER_TRUST_TOKEN_H

#include <stddef.h>

#define TOKEN_TEXT 68      /* "ft_", 64 hex digits, NUL */
#define TOKEN_HASH_TEXT 65 /* SHA-256 in lower-case hex, NUL */

/* 256 random bits. */
void token_new(char ret[TOKEN_TEXT]);
/* Deterministic; it cannot be computed without the secret. */
void token_derive(const char *secret, const char *of, char ret[TOKEN_TEXT]);
void token_hash(const char *token, char ret[TOKEN_HASH_TEXT]);
/* The same for any bytes. */
void token_hash_bytes(const void *data, size_t len, char ret[TOKEN_HASH_TEXT]);

#endif
