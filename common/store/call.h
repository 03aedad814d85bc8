/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - one request to the store, with its attempts at several endpoints.
 *
 * Inside the room only.
 */
#ifndef COMMON_STORE_CALL_H
#define COMMON_STORE_CALL_H

#include "signed.h"

#include <jansson.h>

#define STORE_REQUEST_BYTES (16u << 20)
#define STORE_ANSWER_BYTES (32u << 20)

/* Reports to the user; doc is NULL when err is set. */
typedef void store_answer_fn(struct store_call *c, const json_t *doc,
			     const struct err *err);

union store_user_fn {
	store_range_fn *range;
	store_range_full_fn *range_full;
	store_done_fn *done;
	store_txn_fn *txn;
	store_lease_fn *lease;
	store_lease_info_fn *lease_info;
};

struct store_call {
	uint32_t magic;
	struct store *s;
	struct store_call *next, **link;
	const char *path;
	struct buf body;
	bool repeatable; /* may be sent to a second endpoint though the first saw it */
	int64_t deadline_ms;
	size_t tries, endpoint;
	struct store_signed *http;
	store_answer_fn *answer;
	union store_user_fn fn;
	void *arg;
	struct err failed; /* code 0: not failed */
};

/* A call whose body is begun with "{"; add members, then store_call_send(). */
struct store_call *store_call_new(struct store *s, const char *path, bool repeatable,
				  store_answer_fn *answer, void *arg);
struct store_call *store_call_send(struct store_call *c);
void store_call_free(struct store_call *c);
void store_call_on_deferred(void *arg);

#endif
