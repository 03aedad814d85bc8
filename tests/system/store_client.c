/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_client - drives the store client for the conformance suite.
 *
 *	store_client ENDPOINTS [CA [CERT KEY]]
 *
 * Reads commands from standard input, one JSON object a line, each with an "id" and an
 * "op", and prints answers with the same id as they come, one a line; watches and
 * mirrors go on printing. Keys, ends and values are given as base64 or, where the client
 * takes strings, as text. Ends with its input.
 */
#include "check.h"
#include "store.h"
#include "text.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#define LINE_BYTES (32u << 20)

struct client {
	struct loop *loop;
	struct store *s;
	struct buf in;
	struct {
		json_int_t id;
		struct request *r;
		struct store_watch *watch;
		struct mirror *mirror;
	} kept[64];
};

/* What an answer needs; freed with it, or with the watch or mirror. */
struct request {
	struct client *c;
	json_int_t id;
};

static struct request *request_new(struct client *c, json_int_t id)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->c = c;
	r->id = id;
	return r;
}

static void print(struct request *r, json_t *o)
{
	CLEANUP(free) char *text = NULL;

	json_object_set_new(o, "id", json_integer(r->id));
	text = json_dumps(o, JSON_COMPACT);
	puts(text);
	fflush(stdout);
	json_decref(o);
}

static void print_error(struct request *r, const struct err *err)
{
	print(r,
	      json_pack("{s:s, s:s}", "error", err_name(err->code), "message", err->msg));
}

static json_t *bytes(const char *data, size_t n)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, LINE_BYTES);
	base64_encode(&b, data, n);
	return json_string(buf_str(&b));
}

static json_t *kv_json(const struct store_kv *kv)
{
	return json_pack(
		"{s:o, s:o, s:I, s:I, s:I, s:I}", "key", bytes(kv->key, kv->key_len),
		"value", bytes(kv->value, kv->value_len), "create",
		(json_int_t)kv->create_rev, "mod", (json_int_t)kv->mod_rev, "version",
		(json_int_t)kv->version, "lease", (json_int_t)kv->lease);
}

static json_t *kvs_json(const struct store_kv *kvs, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, kv_json(&kvs[i]));
	return a;
}

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static int64_t int_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* ---------------------------------------------------------------- answers */

static void on_done(void *arg, int64_t rev, const struct err *err)
{
	CLEANUP(free) struct request *r = arg;

	if (err)
		print_error(r, err);
	else
		print(r, json_pack("{s:I}", "rev", (json_int_t)rev));
}

static void on_range(void *arg, const struct store_range_res *res, const struct err *err)
{
	CLEANUP(free) struct request *r = arg;

	if (err)
		print_error(r, err);
	else
		print(r, json_pack("{s:o, s:b, s:I, s:I}", "kvs",
				   kvs_json(res->kvs, res->n), "more", res->more, "count",
				   (json_int_t)res->count, "rev", (json_int_t)res->rev));
}

static void on_txn(void *arg, const struct store_txn_res *res, const struct err *err)
{
	CLEANUP(free) struct request *r = arg;
	json_t *results;

	if (err) {
		print_error(r, err);
		return;
	}
	results = json_array();
	for (size_t i = 0; i < res->n; i++)
		json_array_append_new(
			results,
			json_pack("{s:i, s:o, s:I}", "kind", (int)res->results[i].kind,
				  "kvs", kvs_json(res->results[i].kvs, res->results[i].n),
				  "count", (json_int_t)res->results[i].count));
	print(r, json_pack("{s:b, s:I, s:o}", "succeeded", res->succeeded, "rev",
			   (json_int_t)res->rev, "results", results));
}

static void on_lease(void *arg, int64_t id, int64_t ttl_s, const struct err *err)
{
	CLEANUP(free) struct request *r = arg;

	if (err)
		print_error(r, err);
	else
		print(r, json_pack("{s:I, s:I}", "lease", (json_int_t)id, "ttl",
				   (json_int_t)ttl_s));
}

static void on_lease_info(void *arg, const struct store_lease_info *info,
			  const struct err *err)
{
	CLEANUP(free) struct request *r = arg;
	json_t *keys;

	if (err) {
		print_error(r, err);
		return;
	}
	keys = json_array();
	for (size_t i = 0; i < info->n; i++)
		json_array_append_new(keys,
				      bytes(info->keys[i].key, info->keys[i].key_len));
	print(r, json_pack("{s:I, s:I, s:I, s:o}", "lease", (json_int_t)info->id, "ttl",
			   (json_int_t)info->ttl_s, "granted",
			   (json_int_t)info->granted_ttl_s, "keys", keys));
}

static void on_watch(void *arg, const struct store_event *events, size_t n, int64_t rev,
		     const struct err *err)
{
	struct request *r = arg;
	json_t *list;

	if (err) {
		print(r, json_pack("{s:s, s:s, s:I}", "error", err_name(err->code),
				   "message", err->msg, "rev", (json_int_t)rev));
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *e = json_pack("{s:b, s:o}", "deleted", events[i].deleted, "kv",
				      kv_json(&events[i].kv));

		if (events[i].has_prev)
			json_object_set_new(e, "prev", kv_json(&events[i].prev));
		json_array_append_new(list, e);
	}
	print(r, json_pack("{s:o, s:I}", "events", list, "rev", (json_int_t)rev));
}

static void on_mirror(void *arg, const struct mirror_change *changes, size_t n)
{
	struct request *r = arg;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:b, s:o, s:o*}", "deleted", changes[i].deleted,
					"kv", kv_json(changes[i].kv), "old",
					changes[i].old ? kv_json(changes[i].old) : NULL));
	print(r, json_pack("{s:o}", "changes", list));
}

/* ---------------------------------------------------------------- commands */

static void do_range(struct client *c, const json_t *o, struct request *r)
{
	CLEANUP(free) char *key = NULL, *end = NULL;
	struct store_range_req req = {
		.limit = int_of(o, "limit"),
		.at_rev = int_of(o, "at_rev"),
		.sort = (enum store_sort)int_of(o, "sort"),
		.descending = json_is_true(json_object_get(o, "descending")),
		.keys_only = json_is_true(json_object_get(o, "keys_only")),
		.count_only = json_is_true(json_object_get(o, "count_only")),
	};

	CHECK(base64_decode(text_of(o, "key"), strlen(text_of(o, "key")), &key,
			    &req.key_len, NULL) == 0);
	req.key = key;
	if (text_of(o, "end"))
		CHECK(base64_decode(text_of(o, "end"), strlen(text_of(o, "end")), &end,
				    &req.end_len, NULL) == 0);
	req.end = end;
	store_range_full(c->s, &req, on_range, r);
}

static void do_put(struct client *c, const json_t *o, struct request *r)
{
	CLEANUP(free) char *value = NULL;
	size_t n;

	CHECK(base64_decode(text_of(o, "value"), strlen(text_of(o, "value")), &value, &n,
			    NULL) == 0);
	store_put(c->s, text_of(o, "key"), value, n, int_of(o, "lease"), on_done, r);
}

static size_t read_ops(const json_t *list, struct store_op *ops)
{
	size_t n = json_array_size(list);

	CHECK(n <= 8);
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *value = text_of(o, "value");

		ops[i] = (struct store_op){
			.kind = (enum store_op_kind)int_of(o, "kind"),
			.key = text_of(o, "key"),
			.end = text_of(o, "end"),
			.value = value,
			.value_len = value ? strlen(value) : 0,
			.lease = int_of(o, "lease"),
			.limit = int_of(o, "limit"),
			.at_rev = int_of(o, "at_rev"),
			.prev_kv = json_is_true(json_object_get(o, "prev_kv")),
		};
	}
	return n;
}

static void do_txn(struct client *c, const json_t *o, struct request *r)
{
	struct store_cmp cmps[8] = { 0 };
	struct store_op then_ops[8], else_ops[8];
	const json_t *list = json_object_get(o, "cmps");
	struct store_txn txn = { .cmps = cmps,
				 .then_ops = then_ops,
				 .else_ops = else_ops };

	for (; txn.n_cmps < json_array_size(list); txn.n_cmps++) {
		const json_t *e = json_array_get(list, txn.n_cmps);
		const char *value = text_of(e, "value");

		CHECK(txn.n_cmps < 8);
		cmps[txn.n_cmps] = (struct store_cmp){
			.key = text_of(e, "key"),
			.end = text_of(e, "end"),
			.target = (enum store_target)int_of(e, "target"),
			.relation = (enum store_relation)int_of(e, "relation"),
			.number = int_of(e, "number"),
			.value = value,
			.value_len = value ? strlen(value) : 0,
		};
	}
	txn.n_then = read_ops(json_object_get(o, "then"), then_ops);
	txn.n_else = read_ops(json_object_get(o, "else"), else_ops);
	store_do_txn(c->s, &txn, on_txn, r);
}

static void keep(struct client *c, struct request *r, struct store_watch *w,
		 struct mirror *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->kept); i++) {
		if (c->kept[i].watch || c->kept[i].mirror)
			continue;
		c->kept[i].id = r->id;
		c->kept[i].r = r;
		c->kept[i].watch = w;
		c->kept[i].mirror = m;
		return;
	}
	CHECK(!"room for another watch");
}

static void do_watch(struct client *c, const json_t *o, struct request *r)
{
	keep(c, r,
	     store_watch(c->s, text_of(o, "key"), text_of(o, "end"), int_of(o, "from"),
			 json_is_true(json_object_get(o, "prev_kv")), on_watch, r),
	     NULL);
}

static void do_mirror(struct client *c, const json_t *o, struct request *r)
{
	keep(c, r, NULL, mirror_new(c->s, text_of(o, "prefix"), on_mirror, r));
}

static bool collect(void *arg, const struct store_kv *kv)
{
	json_array_append_new(arg, kv_json(kv));
	return true;
}

static void do_mirror_state(struct client *c, const json_t *o, struct request *r)
{
	CLEANUP(free) struct request *mine = r;
	json_t *kvs = json_array();
	const struct mirror *m = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(c->kept); i++)
		if (c->kept[i].mirror && c->kept[i].id == int_of(o, "mirror"))
			m = c->kept[i].mirror;
	CHECK(m);
	mirror_each(m, text_of(o, "prefix"), collect, kvs);
	print(mine, json_pack("{s:b, s:b, s:I, s:o}", "has_copy", mirror_has_copy(m),
			      "synced", mirror_is_synced(m), "rev",
			      (json_int_t)mirror_rev(m), "kvs", kvs));
}

static void stop(struct client *c, size_t i)
{
	store_watch_stop(c->kept[i].watch);
	mirror_free(c->kept[i].mirror);
	free(c->kept[i].r);
	memset(&c->kept[i], 0, sizeof(c->kept[i]));
}

static void do_stop(struct client *c, const json_t *o, struct request *r)
{
	CLEANUP(free) struct request *mine = r;

	for (size_t i = 0; i < ARRAY_SIZE(c->kept); i++)
		if (c->kept[i].id == int_of(o, "which"))
			stop(c, i);
	print(mine, json_pack("{s:b}", "stopped", 1));
}

static void do_state(struct client *c, struct request *r)
{
	CLEANUP(free) struct request *mine = r;

	print(mine, json_pack("{s:b, s:s, s:s}", "reachable", store_is_reachable(c->s),
			      "problem", store_problem(c->s), "endpoint",
			      store_endpoint(c->s)));
}

static void command(struct client *c, const json_t *o)
{
	const char *op = text_of(o, "op");
	struct request *r = request_new(c, int_of(o, "id"));
	const char *key = text_of(o, "key");

	CHECK(op);
	if (strcmp(op, "range") == 0)
		do_range(c, o, r);
	else if (strcmp(op, "put") == 0)
		do_put(c, o, r);
	else if (strcmp(op, "delete") == 0)
		store_delete(c->s, key, text_of(o, "end"), on_done, r);
	else if (strcmp(op, "txn") == 0)
		do_txn(c, o, r);
	else if (strcmp(op, "compact") == 0)
		store_compact(c->s, int_of(o, "rev"), on_done, r);
	else if (strcmp(op, "grant") == 0)
		store_lease_grant(c->s, int_of(o, "ttl"), int_of(o, "lease"), on_lease,
				  r);
	else if (strcmp(op, "keepalive") == 0)
		store_lease_keepalive(c->s, int_of(o, "lease"), on_lease, r);
	else if (strcmp(op, "revoke") == 0)
		store_lease_revoke(c->s, int_of(o, "lease"), on_done, r);
	else if (strcmp(op, "timetolive") == 0)
		store_lease_timetolive(c->s, int_of(o, "lease"), true, on_lease_info, r);
	else if (strcmp(op, "watch") == 0)
		do_watch(c, o, r);
	else if (strcmp(op, "mirror") == 0)
		do_mirror(c, o, r);
	else if (strcmp(op, "mirror_state") == 0)
		do_mirror_state(c, o, r);
	else if (strcmp(op, "stop") == 0)
		do_stop(c, o, r);
	else if (strcmp(op, "state") == 0)
		do_state(c, r);
	else
		CHECK(!"a known op");
}

static void on_input(void *arg, int fd, uint32_t events)
{
	struct client *c = arg;
	char piece[65536];
	ssize_t n = read(fd, piece, sizeof(piece));
	char *end;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_stop(c->loop);
		return;
	}
	buf_add(&c->in, piece, (size_t)n);
	CHECK(!buf_is_full(&c->in));
	while (c->in.len && (end = memchr(c->in.data, '\n', c->in.len))) {
		CLEANUP(json_decref)
		json_t *o = json_loadb(c->in.data, (size_t)(end - c->in.data), 0, NULL);

		CHECK(o);
		buf_drop(&c->in, (size_t)(end + 1 - c->in.data));
		command(c, o);
	}
}

int main(int argc, char **argv)
{
	struct client c = { 0 };
	struct err err;
	struct store_opts opts = {
		.endpoints = argc > 1 ? argv[1] : "",
		.ca_file = argc > 2 ? argv[2] : NULL,
		.cert_file = argc > 4 ? argv[3] : NULL,
		.key_file = argc > 4 ? argv[4] : NULL,
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	buf_init(&c.in, LINE_BYTES);
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	if (loop_new(&c.loop, &err) < 0 || store_open(c.loop, &opts, &c.s, &err) < 0 ||
	    loop_io_add(c.loop, 0, EPOLLIN, on_input, &c, &err) < 0) {
		fprintf(stderr, "store_client: %s\n", err.msg);
		return 1;
	}
	loop_run(c.loop);
	for (size_t i = 0; i < ARRAY_SIZE(c.kept); i++)
		stop(&c, i);
	store_close(c.s);
	loop_io_del(c.loop, 0);
	loop_free(c.loop);
	buf_done(&c.in);
	curl_global_cleanup();
	return 0;
}
