/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client.h"

#include "check.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

/* ---------------------------------------------------------------- open and close */

static int add_endpoint(struct store *s, const char *url, size_t n, struct err *err)
{
	struct store_endpoint *e = &s->endpoints[s->n_endpoints];

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (s->n_endpoints == STORE_MAX_ENDPOINTS)
		return err_set(err, ERR_INVAL, "more than %d store endpoints",
			       STORE_MAX_ENDPOINTS);
	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) ||
	    n <= strlen("https://"))
		return err_set(err, ERR_INVAL,
			       "'%.*s' is no store endpoint, such as https://host:2379",
			       (int)MIN(n, 100), url);
	e->store = s;
	e->url = xstrndup(url, n);
	s->n_endpoints++;
	return 0;
}

static int add_endpoints(struct store *s, const char *list, struct err *err)
{
	for (const char *at = list; *at;) {
		size_t n;
		int rc;

		at += strspn(at, ", \t\n");
		n = strcspn(at, ", \t\n");
		if (n == 0)
			break;
		rc = add_endpoint(s, at, n, err);
		if (rc < 0)
			return rc;
		at += n;
	}
	if (s->n_endpoints == 0)
		return err_set(err, ERR_INVAL, "no store endpoint is given");
	return 0;
}

static char *copy_or_null(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

int store_open(struct loop *loop, const struct store_opts *opts, struct store **ret,
	       struct err *err)
{
	CLEANUP(store_close) struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	s->magic = STORE_MAGIC;
	s->loop = loop;
	s->ca_file = copy_or_null(opts->ca_file);
	s->cert_file = copy_or_null(opts->cert_file);
	s->key_file = copy_or_null(opts->key_file);
	s->token = copy_or_null(opts->token);
	s->timeout_ms = opts->timeout_ms ? opts->timeout_ms : STORE_TIMEOUT_MS;
	s->probe_timer = loop_timer_new(loop, store_endpoint_on_probe_timer, s);
	s->kick = loop_timer_new(loop, store_call_on_kick, s);
	rc = add_endpoints(s, opts->endpoints ? opts->endpoints : "", err);
	if (rc == 0)
		rc = httpm_open(loop, &s->m, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	CHECK_MAGIC(s, STORE_MAGIC);
	while (s->calls)
		store_call_free(s->calls);
	while (s->watches)
		store_watch_free(s->watches);
	httpm_close(s->m); /* ends the probes too */
	for (size_t i = 0; i < s->n_endpoints; i++)
		free(s->endpoints[i].url);
	loop_timer_free(s->probe_timer);
	loop_timer_free(s->kick);
	free(s->ca_file);
	free(s->cert_file);
	free(s->key_file);
	free(s->token);
	s->magic = 0;
	free(s);
}

struct loop *store_loop(const struct store *s)
{
	return s->loop;
}

bool store_is_reachable(const struct store *s)
{
	return !s->failing;
}

const char *store_problem(const struct store *s)
{
	return s->problem;
}

const char *store_endpoint(const struct store *s)
{
	return s->endpoints[s->current].url;
}

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
