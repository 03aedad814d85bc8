/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocking.h - the calls of client.h, blocking, for threads without a loop.
 *
 * One object per thread, or a lock around it. Each call ends within the timeout of the
 * options. The caller owns the results.
 */
#ifndef COMMON_STORE_BLOCKING_H
#define COMMON_STORE_BLOCKING_H

#include "client.h"

struct store_sync;

int store_sync_open(const struct store_opts *opts, struct store_sync **ret,
		    struct err *err) MUST_CHECK;
void store_sync_close(struct store_sync *s);
DEFINE_CLEANUP(struct store_sync *, store_sync_close);

/* For mixing both kinds of calls in one thread: the store inside, and its loop. */
struct store *store_sync_store(struct store_sync *s);
struct loop *store_sync_loop(struct store_sync *s);

struct store_kvs {
	struct store_kv *kvs; /* sorted by key */
	size_t n;
	int64_t rev;
};
void store_kvs_done(struct store_kvs *k);
DEFINE_CLEANUP_OBJECT(struct store_kvs, store_kvs_done);

int store_sync_range(struct store_sync *s, const char *key, const char *end,
		     int64_t limit, int64_t at_rev, struct store_kvs *ret,
		     struct err *err) MUST_CHECK;

/* ret_rev may be NULL in all of these. */
int store_sync_put(struct store_sync *s, const char *key, const void *value, size_t len,
		   int64_t lease, int64_t *ret_rev, struct err *err) MUST_CHECK;
/* Only whether the comparisons held; use store_do_txn() for the results of the ops. */
int store_sync_txn(struct store_sync *s, const struct store_txn *txn, bool *ret_succeeded,
		   int64_t *ret_rev, struct err *err) MUST_CHECK;

#endif
