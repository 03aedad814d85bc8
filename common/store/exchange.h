/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.h - one request to an endpoint, over HTTP or to a store in the same process.
 *
 * Inside the room only.
 */
#ifndef COMMON_STORE_EXCHANGE_H
#define COMMON_STORE_EXCHANGE_H

#include "session.h"

struct store_exchange;

/*
 * Sends req, a POST unless it says otherwise, to path at an endpoint: its method,
 * headers, body and times are used. The callbacks are httpm_start()'s, from the loop.
 */
struct store_exchange *store_exchange_start(struct store *s, size_t endpoint,
					    const char *path, struct http_req *req,
					    httpm_data_fn *data, httpm_done_fn *done,
					    void *arg);
/* No callback follows. NULL is allowed. */
void store_exchange_cancel(struct store_exchange *e);

/* For a store in the same process: before the first exchange, and after the last. */
int store_exchange_open(struct store *s, struct err *err) MUST_CHECK;
void store_exchange_close(struct store *s);

#endif
