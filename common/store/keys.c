/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys read and written: range, put, delete, compact. */
#include "call.h"
#include "check.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

/* ---------------------------------------------------------------- ranges */

static void on_range_full(struct store_call *c, const json_t *doc, const struct err *err)
{
	CLEANUP(store_kv_list_done) struct store_kv_list l = { 0 };
	struct store_range_res res = { 0 };
	struct err bad;
	int rc;

	if (err) {
		c->fn.range_full(c->arg, NULL, err);
		return;
	}
	rc = store_wire_kvs(doc, "kvs", &l, &bad);
	if (rc == 0)
		rc = store_wire_rev(doc, &res.rev, &bad);
	if (rc == 0)
		rc = ejson_read_int(doc, "count", &res.count, &bad);
	if (rc == 0)
		rc = ejson_read_bool(doc, "more", &res.more, &bad);
	if (rc < 0) {
		bad.code = ERR_PROTO;
		c->fn.range_full(c->arg, NULL, &bad);
		return;
	}
	res.kvs = l.kvs;
	res.n = l.n;
	c->fn.range_full(c->arg, &res, NULL);
}

static void add_range(struct buf *b, const struct store_range_req *r)
{
	static const char *const targets[] = { "KEY", "VERSION", "CREATE", "MOD",
					       "VALUE" };

	ejson_add_bytes(b, "key", r->key, r->key_len);
	if (r->end)
		ejson_add_bytes(b, "range_end", r->end, r->end_len);
	ejson_add_int(b, "limit", r->limit);
	ejson_add_int(b, "revision", r->at_rev);
	if (r->sort != STORE_BY_KEY || r->descending) {
		ejson_add_word(b, "sort_order", r->descending ? "DESCEND" : "ASCEND");
		ejson_add_word(b, "sort_target", targets[r->sort]);
	}
	ejson_add_true(b, "keys_only", r->keys_only);
	ejson_add_true(b, "count_only", r->count_only);
}

struct store_call *store_range_full(struct store *s, const struct store_range_req *req,
				    store_range_full_fn *fn, void *arg)
{
	struct store_call *c =
		store_call_new(s, "/v3/kv/range", true, on_range_full, arg);

	c->fn.range_full = fn;
	add_range(&c->body, req);
	return store_call_send(c);
}

static void on_range(struct store_call *c, const json_t *doc, const struct err *err)
{
	CLEANUP(store_kv_list_done) struct store_kv_list l = { 0 };
	int64_t rev = 0;
	struct err bad;
	int rc;

	if (err) {
		c->fn.range(c->arg, NULL, 0, 0, err);
		return;
	}
	rc = store_wire_kvs(doc, "kvs", &l, &bad);
	if (rc == 0)
		rc = store_wire_rev(doc, &rev, &bad);
	bad.code = ERR_PROTO;
	c->fn.range(c->arg, l.kvs, l.n, rev, rc < 0 ? &bad : NULL);
}

struct store_call *store_range(struct store *s, const char *key, const char *end,
			       int64_t limit, int64_t at_rev, store_range_fn *fn,
			       void *arg)
{
	struct store_call *c = store_call_new(s, "/v3/kv/range", true, on_range, arg);

	c->fn.range = fn;
	store_wire_add_range(&c->body, key, end);
	ejson_add_int(&c->body, "limit", limit);
	ejson_add_int(&c->body, "revision", at_rev);
	return store_call_send(c);
}

/* ---------------------------------------------------------------- writes */

static void on_done(struct store_call *c, const json_t *doc, const struct err *err)
{
	int64_t rev = 0;
	struct err bad;

	if (!err && store_wire_rev(doc, &rev, &bad) < 0)
		err = &bad;
	c->fn.done(c->arg, rev, err);
}

static struct store_call *new_done(struct store *s, const char *path, store_done_fn *fn,
				   void *arg)
{
	struct store_call *c = store_call_new(s, path, false, on_done, arg);

	c->fn.done = fn;
	return c;
}

struct store_call *store_put(struct store *s, const char *key, const void *value,
			     size_t len, int64_t lease, store_done_fn *fn, void *arg)
{
	struct store_call *c = new_done(s, "/v3/kv/put", fn, arg);

	ejson_add_bytes(&c->body, "key", key, strlen(key));
	ejson_add_bytes(&c->body, "value", value, len);
	ejson_add_int(&c->body, "lease", lease);
	return store_call_send(c);
}

struct store_call *store_delete(struct store *s, const char *key, const char *end,
				store_done_fn *fn, void *arg)
{
	struct store_call *c = new_done(s, "/v3/kv/deleterange", fn, arg);

	store_wire_add_range(&c->body, key, end);
	return store_call_send(c);
}

struct store_call *store_compact(struct store *s, int64_t rev, store_done_fn *fn,
				 void *arg)
{
	struct store_call *c = new_done(s, "/v3/kv/compaction", fn, arg);

	ejson_add_int(&c->body, "revision", rev);
	return store_call_send(c);
}
