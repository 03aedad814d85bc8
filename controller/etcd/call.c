/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - the calls of the gateway, from a body to an answer and its HTTP status.
 */
#include "call.h"

#include "access.h"
#include "answer.h"
#include "check.h"
#include "db.h"
#include "lease_calls.h"
#include "member.h"
#include "op.h"
#include "owner.h"
#include "persist.h"
#include "store.h"
#include "txn.h"
#include "validate.h"
#include "watch.h"

#include <string.h>

#define VERSION "3.4.0"

static unsigned not_found(struct buf *to)
{
	buf_puts(to, "Not Found\n");
	return MHD_HTTP_NOT_FOUND;
}

/* ---------------------------------------------------------------- one request */

struct call {
	struct kv *kv;
	const json_t *body; /* an object */
	const struct kv_access *access;
	struct buf *to;
};

static unsigned finish(const struct call *c, const struct kv_fault *f)
{
	return f ? kv_answer_limit(c->to, f, c->access) : MHD_HTTP_OK;
}

static unsigned serve_op(const struct call *c, enum kv_op_kind kind)
{
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	const struct kv_fault *f;
	struct err err;

	if (kv_parse_op(c->body, kind, &op, &err) < 0)
		return kv_answer_fault(c->to, 3, err.msg);
	f = kv_op_check(&op, c->access);
	if (!f)
		f = kv_op_run(c->kv, &op, c->access, c->to);
	if (f == &kv_denied && *c->access->owner) {
		char words[512];

		kv_denial_words(c->access, &op, words, sizeof(words));
		return kv_answer_fault(c->to, f->code, words);
	}
	return finish(c, f);
}

static unsigned serve_range(const struct call *c)
{
	return serve_op(c, KV_RANGE);
}

static unsigned serve_put(const struct call *c)
{
	return serve_op(c, KV_PUT);
}

static unsigned serve_delete(const struct call *c)
{
	return serve_op(c, KV_DELETE);
}

static unsigned serve_txn(const struct call *c)
{
	return serve_op(c, KV_TXN);
}

static unsigned serve_compaction(const struct call *c)
{
	const struct kv_fault *f;
	struct err err;
	int64_t rev;

	if (ejson_read_int(c->body, "revision", &rev, &err) < 0)
		return kv_answer_fault(c->to, 3, err.msg);
	if (!kv_may_all(c->access))
		return kv_answer_fault(c->to, kv_denied.code, kv_denied.words);
	pthread_mutex_lock(&c->kv->lock);
	f = kv_compact(c->kv, rev);
	ejson_open(c->to, NULL, '{');
	kv_add_header(c->to, c->kv);
	ejson_close(c->to, '}');
	pthread_mutex_unlock(&c->kv->lock);
	return finish(c, f);
}

static unsigned serve_lease(const struct call *c, kv_lease_call_fn *fn)
{
	const struct kv_fault *f;

	f = fn(c->kv, c->body, c->access, c->to);
	return finish(c, f);
}

static unsigned serve_grant(const struct call *c)
{
	return serve_lease(c, kv_call_grant);
}

static unsigned serve_revoke(const struct call *c)
{
	return serve_lease(c, kv_call_revoke);
}

static unsigned serve_keepalive(const struct call *c)
{
	return serve_lease(c, kv_call_keepalive);
}

static unsigned serve_timetolive(const struct call *c)
{
	return serve_lease(c, kv_call_timetolive);
}

static unsigned serve_leases(const struct call *c)
{
	return serve_lease(c, kv_call_leases);
}

static unsigned serve_status(const struct call *c)
{
	struct kv *kv = c->kv;
	int64_t file_bytes = db_size_bytes(kv->db);

	ejson_open(c->to, NULL, '{');
	pthread_mutex_lock(&kv->lock);
	kv_add_header(c->to, kv);
	ejson_add_word(c->to, "version", VERSION);
	ejson_add_int(c->to, "dbSize", file_bytes);
	ejson_add_uint(c->to, "leader", kv->member_id);
	ejson_add_int(c->to, "raftIndex", kv->space.rev);
	ejson_add_int(c->to, "raftTerm", 1);
	ejson_add_int(c->to, "raftAppliedIndex", kv->space.rev);
	ejson_add_int(c->to, "dbSizeInUse", (int64_t)kv->space.bytes);
	pthread_mutex_unlock(&kv->lock);
	ejson_close(c->to, '}');
	return MHD_HTTP_OK;
}

static unsigned serve_members(const struct call *c)
{
	struct kv *kv = c->kv;

	ejson_open(c->to, NULL, '{');
	ejson_open(c->to, "header", '{');
	ejson_add_uint(c->to, "cluster_id", kv->cluster_id);
	ejson_add_uint(c->to, "member_id", kv->member_id);
	ejson_add_int(c->to, "raft_term", 1);
	ejson_close(c->to, '}');
	ejson_open(c->to, "members", '[');
	ejson_open(c->to, NULL, '{');
	ejson_add_uint(c->to, "ID", kv->member_id);
	ejson_add_word(c->to, "name", "foretide");
	if (*kv->url) {
		ejson_open(c->to, "clientURLs", '[');
		ejson_add_text(c->to, NULL, kv->url);
		ejson_close(c->to, ']');
	}
	buf_puts(c->to, "}]}");
	return MHD_HTTP_OK;
}

/* ---------------------------------------------------------------- routes */

static const struct route {
	const char *path; /* after the version */
	enum kv_price price;
	unsigned (*fn)(const struct call *c);
} routes[] = {
	{ "/kv/range", KV_READS, serve_range },
	{ "/kv/put", KV_WRITES, serve_put },
	{ "/kv/deleterange", KV_WRITES, serve_delete },
	{ "/kv/txn", KV_WRITES, serve_txn },
	{ "/kv/compaction", KV_WRITES, serve_compaction },
	{ "/lease/grant", KV_WRITES, serve_grant },
	{ "/lease/revoke", KV_WRITES, serve_revoke },
	{ "/lease/keepalive", KV_KEEPALIVES, serve_keepalive },
	{ "/lease/timetolive", KV_READS, serve_timetolive },
	{ "/lease/leases", KV_READS, serve_leases },
	{ "/kv/lease/revoke", KV_WRITES, serve_revoke },
	{ "/kv/lease/timetolive", KV_READS, serve_timetolive },
	{ "/kv/lease/leases", KV_READS, serve_leases },
	{ "/maintenance/status", KV_READS, serve_status },
	{ "/cluster/member/list", KV_READS, serve_members },
};

const char *kv_behind_version(const char *path)
{
	static const char *const versions[] = { "/v3", "/v3beta" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		size_t n = strlen(versions[i]);

		if (strncmp(path, versions[i], n) == 0 && path[n] == '/')
			return path + n;
	}
	return NULL;
}

/* ---------------------------------------------------------------- from outside */

/* The largest transaction that may be has some 6000; of the smallest values, 4 MB would
 * need 150 MB. */
#define VALUES_MAX 16384

int kv_parse_body(const char *body, size_t n, json_t **ret, struct err *err)
{
	json_error_t e;

	/* Only a transaction has many. */
	if (json_values_max(body, n) > VALUES_MAX)
		return err_set(err, ERR_INVAL, "%s", kv_too_many_ops.words);
	*ret = n ? json_loadb(body, n, JSON_ALLOW_NUL, &e) : json_object();
	if (!*ret)
		return err_set(err, ERR_INVAL, "%s at byte %d", e.text, e.position);
	if (!json_is_object(*ret))
		return err_set(err, ERR_INVAL, "the body must be a JSON object");
	return 0;
}

static unsigned call_plain(const char *path, struct buf *to)
{
	if (strcmp(path, "/health") == 0)
		buf_puts(to, "{\"health\":\"true\"}");
	else if (strcmp(path, "/version") == 0)
		buf_puts(to,
			 "{\"etcdserver\":\"" VERSION "\",\"etcdcluster\":\"3.4.0\"}");
	else
		return not_found(to);
	return MHD_HTTP_OK;
}

unsigned kv_call(struct kv *kv, const char *path, const char *body, size_t body_len,
		 const struct kv_access *access, struct buf *answer)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *rest = kv_behind_version(path);
	const struct route *r = NULL;
	const struct kv_fault *f;
	struct err err;

	CHECK_MAGIC(kv, KV_MAGIC);
	buf_init(answer, KV_ANSWER_BYTES);
	if (!rest)
		return call_plain(path, answer);
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (strcmp(routes[i].path, rest) == 0)
			r = &routes[i];
	if (!r)
		return not_found(answer);
	f = kv_pay(kv, access, r->price, 1 + (double)body_len / KV_BODY_PAID);
	if (f)
		return kv_answer_limit(answer, f, access);
	if (kv_parse_body(body, body_len, &doc, &err) < 0)
		return kv_answer_fault(answer, 3, err.msg);
	return r->fn(
		&(struct call){ .kv = kv, .body = doc, .access = access, .to = answer });
}
