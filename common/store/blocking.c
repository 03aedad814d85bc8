/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blocking.h"

#include "check.h"

#include <string.h>

struct store_sync {
	struct loop *loop;
	struct store *store;
};

/* The result of the call in progress. */
struct result {
	bool done;
	int rc;
	int64_t rev;
	bool succeeded;
	struct store_kvs kvs;
	struct err *err;
};

int store_sync_open(const struct store_opts *opts, struct store_sync **ret,
		    struct err *err)
{
	CLEANUP(store_sync_close) struct store_sync *s = xcalloc(1, sizeof(*s));
	int rc = loop_new(&s->loop, err);

	if (rc == 0)
		rc = store_open(s->loop, opts, &s->store, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

void store_sync_close(struct store_sync *s)
{
	if (!s)
		return;
	store_close(s->store);
	loop_free(s->loop);
	free(s);
}

struct store *store_sync_store(struct store_sync *s)
{
	return s->store;
}

struct loop *store_sync_loop(struct store_sync *s)
{
	return s->loop;
}

void store_kvs_done(struct store_kvs *k)
{
	for (size_t i = 0; i < k->n; i++)
		store_kv_done(&k->kvs[i]);
	free(k->kvs);
	*k = (struct store_kvs){ 0 };
}

static void settle(struct result *r, int64_t rev, const struct err *err)
{
	r->done = true;
	r->rev = rev;
	r->rc = err ? err->code : 0;
	if (err && r->err)
		*r->err = *err;
}

/* Every call ends within its time limit, so this returns. */
static int wait_for(struct store_sync *s, struct result *r)
{
	while (!r->done)
		loop_once(s->loop, -1);
	return r->rc;
}

/* ---------------------------------------------------------------- ranges */

static void on_range(void *arg, const struct store_kv *kvs, size_t n, int64_t rev,
		     const struct err *err)
{
	struct result *r = arg;

	settle(r, rev, err);
	if (err)
		return;
	r->kvs.kvs = xcalloc(n + 1, sizeof(*r->kvs.kvs));
	for (size_t i = 0; i < n; i++)
		r->kvs.kvs[i] = store_kv_copy(&kvs[i]);
	r->kvs.n = n;
	r->kvs.rev = rev;
}

int store_sync_range(struct store_sync *s, const char *key, const char *end,
		     int64_t limit, int64_t at_rev, struct store_kvs *ret,
		     struct err *err)
{
	struct result r = { .err = err };

	store_range(s->store, key, end, limit, at_rev, on_range, &r);
	if (wait_for(s, &r) < 0)
		return r.rc;
	*ret = r.kvs;
	return 0;
}

/* ---------------------------------------------------------------- writes */

static void on_done(void *arg, int64_t rev, const struct err *err)
{
	settle(arg, rev, err);
}

static int finish(struct store_sync *s, struct result *r, int64_t *ret_rev)
{
	if (wait_for(s, r) == 0 && ret_rev)
		*ret_rev = r->rev;
	return r->rc;
}

int store_sync_put(struct store_sync *s, const char *key, const void *value, size_t len,
		   int64_t lease, int64_t *ret_rev, struct err *err)
{
	struct result r = { .err = err };

	store_put(s->store, key, value, len, lease, on_done, &r);
	return finish(s, &r, ret_rev);
}

static void on_txn(void *arg, const struct store_txn_res *res, const struct err *err)
{
	struct result *r = arg;

	settle(r, res ? res->rev : 0, err);
	r->succeeded = res && res->succeeded;
}

int store_sync_txn(struct store_sync *s, const struct store_txn *txn, bool *ret_succeeded,
		   int64_t *ret_rev, struct err *err)
{
	struct result r = { .err = err };

	store_do_txn(s->store, txn, on_txn, &r);
	if (finish(s, &r, ret_rev) == 0)
		*ret_succeeded = r.succeeded;
	return r.rc;
}
