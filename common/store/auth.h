/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.h - who the client is to an etcd with users: its user, and the token that etcd
 * gave for the password.
 *
 * A token is asked for when the first request needs it, and again once etcd refuses it:
 * it has ended, or (JWT) rights were changed since. A refused password is not sent again
 * for a while, since each try costs etcd a slow hash. An etcd without users is used as it
 * is.
 *
 * Inside the room only.
 */
#ifndef COMMON_STORE_AUTH_H
#define COMMON_STORE_AUTH_H

#include "exchange.h"

struct store_auth;

/*
 * The answer for all that wait for a token at an endpoint: res and err NULL: go on; else
 * httpm_done_fn's. From the loop.
 */
typedef void store_auth_fn(struct store *s, size_t endpoint, const struct http_res *res,
			   const struct err *err);

struct store_auth *store_auth_new(struct store *s, const struct store_opts *o,
				  store_auth_fn *fn);
void store_auth_free(struct store_auth *a); /* NULL is allowed */

/* Whether a request may be sent, with the token if there is one. */
bool store_auth_is_ready(const struct store_auth *a);
const char *store_auth_token(const struct store_auth *a); /* NULL: none */
/* Asks the endpoint, and calls back; not from inside. Nothing when it asks already. */
void store_auth_ask(struct store_auth *a, size_t endpoint);
/* That token (NULL: none was sent) is not taken any more. */
void store_auth_refused(struct store_auth *a, const char *token);
/* Whether etcd's words mean that. */
bool store_auth_is_refusal(const char *words);

enum store_users_asked store_auth_users(const struct store_auth *a);
/* For users; "" when there is none. */
const char *store_auth_problem(const struct store_auth *a);

#endif
