/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd.h"

#include "access.h"
#include "answer.h"
#include "check.h"
#include "db.h"
#include "lease_calls.h"
#include "member.h"
#include "op.h"
#include "persist.h"
#include "store.h"
#include "txn.h"
#include "validate.h"
#include "watch_stream.h"

#include <string.h>

#define VERSION "3.4.0"

/* ---------------------------------------------------------------- one request */

struct call {
	struct kv *kv;
	struct MHD_Connection *conn;
	const json_t *body; /* an object */
	const struct kv_access *access;
};

static enum MHD_Result finish(const struct call *c, const struct kv_fault *f,
			      struct buf *to)
{
	return f ? kv_queue_fault(c->conn, f->code, f->words)
		 : kv_queue_json(c->conn, to);
}

static enum MHD_Result serve_op(const struct call *c, enum kv_op_kind kind)
{
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	CLEANUP(buf_done) struct buf to;
	const struct kv_fault *f;
	struct err err;

	buf_init(&to, KV_ANSWER_BYTES);
	if (kv_parse_op(c->body, kind, &op, &err) < 0)
		return kv_queue_fault(c->conn, 3, err.msg);
	f = kv_op_check(&op, c->access);
	if (!f)
		f = kv_op_run(c->kv, &op, c->access, &to);
	return finish(c, f, &to);
}

static enum MHD_Result serve_range(const struct call *c)
{
	return serve_op(c, KV_RANGE);
}

static enum MHD_Result serve_put(const struct call *c)
{
	return serve_op(c, KV_PUT);
}

static enum MHD_Result serve_delete(const struct call *c)
{
	return serve_op(c, KV_DELETE);
}

static enum MHD_Result serve_txn(const struct call *c)
{
	return serve_op(c, KV_TXN);
}

static enum MHD_Result serve_compaction(const struct call *c)
{
	CLEANUP(buf_done) struct buf to;
	const struct kv_fault *f;
	struct err err;
	int64_t rev;

	buf_init(&to, KV_ANSWER_BYTES);
	if (ejson_read_int(c->body, "revision", &rev, &err) < 0)
		return kv_queue_fault(c->conn, 3, err.msg);
	if (!kv_may_all(c->access))
		return kv_queue_fault(c->conn, kv_denied.code, kv_denied.words);
	pthread_mutex_lock(&c->kv->lock);
	f = kv_compact(c->kv, rev);
	ejson_open(&to, NULL, '{');
	kv_add_header(&to, c->kv);
	ejson_close(&to, '}');
	pthread_mutex_unlock(&c->kv->lock);
	return finish(c, f, &to);
}

static enum MHD_Result serve_watch(const struct call *c)
{
	const json_t *create = ejson_get(c->body, "create_request");

	if (!json_is_object(create))
		return kv_queue_fault(c->conn, 3, "a create_request is required");
	return kv_watch_serve(c->kv, c->conn, create, c->access);
}

static enum MHD_Result serve_lease(const struct call *c, kv_lease_call_fn *fn)
{
	CLEANUP(buf_done) struct buf to;
	const struct kv_fault *f;

	buf_init(&to, KV_ANSWER_BYTES);
	f = fn(c->kv, c->body, c->access, &to);
	return finish(c, f, &to);
}

static enum MHD_Result serve_grant(const struct call *c)
{
	return serve_lease(c, kv_call_grant);
}

static enum MHD_Result serve_revoke(const struct call *c)
{
	return serve_lease(c, kv_call_revoke);
}

static enum MHD_Result serve_keepalive(const struct call *c)
{
	return serve_lease(c, kv_call_keepalive);
}

static enum MHD_Result serve_timetolive(const struct call *c)
{
	return serve_lease(c, kv_call_timetolive);
}

static enum MHD_Result serve_leases(const struct call *c)
{
	return serve_lease(c, kv_call_leases);
}

static enum MHD_Result serve_status(const struct call *c)
{
	CLEANUP(buf_done) struct buf to;
	struct kv *kv = c->kv;
	int64_t file_bytes = db_size_bytes(kv->db);

	buf_init(&to, KV_ANSWER_BYTES);
	ejson_open(&to, NULL, '{');
	pthread_mutex_lock(&kv->lock);
	kv_add_header(&to, kv);
	ejson_add_word(&to, "version", VERSION);
	ejson_add_int(&to, "dbSize", file_bytes);
	ejson_add_uint(&to, "leader", kv->member_id);
	ejson_add_int(&to, "raftIndex", kv->space.rev);
	ejson_add_int(&to, "raftTerm", 1);
	ejson_add_int(&to, "raftAppliedIndex", kv->space.rev);
	ejson_add_int(&to, "dbSizeInUse", (int64_t)kv->space.bytes);
	pthread_mutex_unlock(&kv->lock);
	ejson_close(&to, '}');
	return kv_queue_json(c->conn, &to);
}

static enum MHD_Result serve_members(const struct call *c)
{
	CLEANUP(buf_done) struct buf to;
	struct kv *kv = c->kv;

	buf_init(&to, KV_ANSWER_BYTES);
	ejson_open(&to, NULL, '{');
	ejson_open(&to, "header", '{');
	ejson_add_uint(&to, "cluster_id", kv->cluster_id);
	ejson_add_uint(&to, "member_id", kv->member_id);
	ejson_add_int(&to, "raft_term", 1);
	ejson_close(&to, '}');
	ejson_open(&to, "members", '[');
	ejson_open(&to, NULL, '{');
	ejson_add_uint(&to, "ID", kv->member_id);
	ejson_add_word(&to, "name", "foretide");
	if (*kv->url) {
		ejson_open(&to, "clientURLs", '[');
		ejson_add_text(&to, NULL, kv->url);
		ejson_close(&to, ']');
	}
	buf_puts(&to, "}]}");
	return kv_queue_json(c->conn, &to);
}

/* ---------------------------------------------------------------- routes */

static const struct route {
	const char *path; /* after the version */
	enum MHD_Result (*fn)(const struct call *c);
} routes[] = {
	{ "/kv/range", serve_range },
	{ "/kv/put", serve_put },
	{ "/kv/deleterange", serve_delete },
	{ "/kv/txn", serve_txn },
	{ "/kv/compaction", serve_compaction },
	{ "/watch", serve_watch },
	{ "/lease/grant", serve_grant },
	{ "/lease/revoke", serve_revoke },
	{ "/lease/keepalive", serve_keepalive },
	{ "/lease/timetolive", serve_timetolive },
	{ "/lease/leases", serve_leases },
	{ "/kv/lease/revoke", serve_revoke },
	{ "/kv/lease/timetolive", serve_timetolive },
	{ "/kv/lease/leases", serve_leases },
	{ "/maintenance/status", serve_status },
	{ "/cluster/member/list", serve_members },
};

/* The path after the version, or NULL. */
static const char *behind_version(const char *path)
{
	static const char *const versions[] = { "/v3", "/v3beta" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		size_t n = strlen(versions[i]);

		if (strncmp(path, versions[i], n) == 0 && path[n] == '/')
			return path + n;
	}
	return NULL;
}

bool kv_handles(const char *path)
{
	return behind_version(path) || strcmp(path, "/health") == 0 ||
	       strcmp(path, "/version") == 0;
}

static enum MHD_Result queue_text(struct MHD_Connection *conn, unsigned status,
				  const char *text)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 256);
	buf_puts(&b, text);
	return kv_queue(conn, status, "text/plain; charset=utf-8", &b);
}

static enum MHD_Result serve_plain(struct MHD_Connection *conn, const char *method,
				   const char *path)
{
	CLEANUP(buf_done) struct buf to;

	buf_init(&to, 256);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return queue_text(conn, MHD_HTTP_METHOD_NOT_ALLOWED,
				  "Method Not Allowed\n");
	if (strcmp(path, "/health") == 0)
		buf_puts(&to, "{\"health\":\"true\"}");
	else
		buf_puts(&to,
			 "{\"etcdserver\":\"" VERSION "\",\"etcdcluster\":\"3.4.0\"}");
	return kv_queue_json(conn, &to);
}

/* No body is an empty object, as in etcd's gateway. */
static int parse_body(const char *body, size_t n, json_t **ret, struct err *err)
{
	json_error_t e;

	*ret = n ? json_loadb(body, n, JSON_ALLOW_NUL, &e) : json_object();
	if (!*ret)
		return err_set(err, ERR_INVAL, "%s at byte %d", e.text, e.position);
	if (!json_is_object(*ret))
		return err_set(err, ERR_INVAL, "the body must be a JSON object");
	return 0;
}

enum MHD_Result kv_serve(struct kv *kv, struct MHD_Connection *conn, const char *method,
			 const char *path, const char *body, size_t body_len,
			 const struct kv_access *access)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *rest = behind_version(path);
	const struct route *r = NULL;
	struct err err;

	CHECK_MAGIC(kv, KV_MAGIC);
	if (!rest)
		return serve_plain(conn, method, path);
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (strcmp(routes[i].path, rest) == 0)
			r = &routes[i];
	if (!r)
		return queue_text(conn, MHD_HTTP_NOT_FOUND, "Not Found\n");
	if (strcmp(method, "POST") != 0)
		return queue_text(conn, MHD_HTTP_METHOD_NOT_ALLOWED,
				  "Method Not Allowed\n");
	if (parse_body(body, body_len, &doc, &err) < 0)
		return kv_queue_fault(conn, 3, err.msg);
	return r->fn(
		&(struct call){ .kv = kv, .conn = conn, .body = doc, .access = access });
}
