/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signed.h - one request to an endpoint as the client's user, where it has one (auth.h):
 * it waits for the token, and is sent once more when that is refused, since then nothing
 * was done.
 *
 * Inside the room only.
 */
#ifndef COMMON_STORE_SIGNED_H
#define COMMON_STORE_SIGNED_H

#include "exchange.h"

struct store_signed;

/* As store_exchange_start(); path is a constant. */
struct store_signed *store_signed_start(struct store *s, size_t endpoint,
					const char *path, const struct http_req *req,
					httpm_data_fn *data, httpm_done_fn *done,
					void *arg);
/* No callback follows. NULL is allowed. */
void store_signed_cancel(struct store_signed *r);

/* A stream: etcd's words in it mean that its token is not taken any more. */
bool store_signed_is_refused(struct store_signed *r, const char *words);

#endif
