/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exchange.h"

#include "address.h"
#include "auth.h"
#include "check.h"
#include "dashboard.h"
#include "etcd.h"
#include "idempotency.h"
#include "job.h"
#include "kept.h"
#include "listening.h"
#include "logs.h"
#include "reply.h"
#include "routes.h"

#include <string.h>

#define WORK_MS 2000 /* of one request, above which nobody listened */

/* Told at the first request: a connection may last for days. */
static void note_asked(const struct api_listener *l, struct MHD_Connection *conn)
{
	const struct api_hooks *hooks = &l->api->hooks;
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct api_peer *p = context ? context->socket_context : NULL;

	if (!p || p->has_asked)
		return;
	p->has_asked = true;
	if (*p->address && l->is_tls && hooks->connection)
		hooks->connection(hooks->arg, p->address, true);
}

static struct request *request_new(struct api_listener *l, struct MHD_Connection *conn,
				   const char *method, const char *path)
{
	struct request *r = xcalloc(1, sizeof(*r));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->magic = REQUEST_MAGIC;
	r->api = l->api;
	r->conn = conn;
	r->is_tls = l->is_tls;
	note_asked(l, conn);
	r->is_loopback = info && api_is_loopback(info->client_addr);
	/* HEAD is handled as GET; libmicrohttpd omits the body. */
	r->method = xstrdup(strcmp(method, "HEAD") == 0 ? "GET" : method);
	r->path = xstrdup(path);
	r->route = api_route_find(r->method, path, r->args, r->allow);
	if (!r->route && l->api->hooks.kv && kv_handles(path))
		r->route = &api_kv_route;
	buf_init(&r->body, r->route ? r->route->body_max : 0);
	return r;
}

static void request_free(struct request *r)
{
	if (r->again)
		api_log_ask_drop(r);
	if (r->again)
		api_job_drop(r);
	if (r->answer)
		MHD_destroy_response(r->answer);
	if (r->kept_key)
		kept_forget(r->api->kept, r->kept_key);
	buf_done(&r->body);
	json_decref(r->fail_more);
	free(r->kept_key);
	free(r->etag);
	free(r->location);
	free(r->method);
	free(r->path);
	free(r);
}

static bool announces_body(struct request *r)
{
	const char *length = request_header(r, "Content-Length");

	return request_header(r, "Transfer-Encoding") ||
	       (length && strcmp(length, "0") != 0);
}

static int check_size(struct request *r, struct err *err)
{
	const char *length = request_header(r, "Content-Length");

	if ((length && strtoull(length, NULL, 10) > r->route->body_max) ||
	    buf_is_full(&r->body))
		return request_fail(r, 413, err, "the body is larger than %zu bytes",
				    r->route->body_max);
	return 0;
}

static bool is_media_type(const char *have, const char *want)
{
	size_t n = strlen(want);

	return strncasecmp(have, want, n) == 0 && strchr("; \t", have[n]) != NULL;
}

static int check_type(struct request *r, struct err *err)
{
	const char *type = request_header(r, "Content-Type");

	if (r->route->body == API_NO_BODY || r->route->body == API_OPAQUE)
		return 0;
	if (!type)
		type = "";
	if (is_media_type(type, "application/json") ||
	    (r->route->body == API_TEXT &&
	     (is_media_type(type, "text/plain") || is_media_type(type, "text/csv"))))
		return 0;
	return request_fail(r, 415, err, "the body must be %s",
			    r->route->body == API_JSON
				    ? "application/json"
				    : "text/plain, text/csv or application/json");
}

/* Checks that need no body. */
static int begin(struct request *r, struct err *err)
{
	int rc;

	r->has_begun = true;
	if (!r->route) {
		if (strcmp(r->allow, "") != 0)
			return request_fail(r, 405, err, "%s is not allowed here",
					    r->method);
		return strcmp(r->method, "GET") == 0
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	}
	rc = api_authorize(r, err);
	if (rc == 0)
		rc = request_query_known(r, err);
	if (rc == 0)
		rc = check_size(r, err);
	if (rc == 0 && announces_body(r))
		rc = check_type(r, err);
	return rc;
}

static int run(struct request *r, struct err *err)
{
	int rc;

	if (!r->route)
		return api_web_file(r)
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	rc = check_size(r, err);
	if (rc < 0 || api_repeated(r))
		return rc;
	return r->route->handler(r, err);
}

static void count(struct request *r)
{
	struct api *api = r->api;

	pthread_mutex_lock(&api->lock);
	api->requests[r->status / 100 % ARRAY_SIZE(api->requests)]++;
	pthread_mutex_unlock(&api->lock);
}

/* Sends the handler's answer; nothing when it suspended the connection. */
static enum MHD_Result finish(struct request *r, int rc, const struct err *err)
{
	enum MHD_Result ret;

	if (rc < 0)
		reply_problem(r, rc, err);
	if (r->is_queued || !r->answer)
		return r->queue_result;
	count(r);
	ret = MHD_queue_response(r->conn, r->status, r->answer);
	MHD_destroy_response(TAKE(r->answer));
	r->is_queued = true;
	return ret;
}

static enum MHD_Result on_request(struct api_listener *l, struct MHD_Connection *conn,
				  const char *path, const char *method, const char *data,
				  size_t *size, void **state)
{
	struct request *r = *state;
	struct err e = { .code = 0, .msg = "" };
	int rc = 0;

	if (!r) {
		*state = r = request_new(l, conn, method, path);
		r->queue_result = MHD_YES;
		if (!announces_body(r) || (rc = begin(r, &e)) == 0)
			return MHD_YES;
		return finish(r, rc, &e);
	}
	CHECK_MAGIC(r, REQUEST_MAGIC);
	if (*size > 0) {
		buf_add(&r->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->again)
		return finish(r, r->again(r, &e), &e);
	if (!r->has_begun)
		rc = begin(r, &e);
	if (rc == 0)
		rc = run(r, &e);
	return finish(r, rc, &e);
}

/* Its thread carries leases and pushes of hosts too, when it is of their listener. */
enum MHD_Result api_on_request(void *arg, struct MHD_Connection *conn, const char *path,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state)
{
	struct api_listener *l = arg;
	struct listening *listening = l->is_tls ? l->api->opts.listening : NULL;
	struct listening_work work;
	enum MHD_Result ret;

	(void)version;
	CHECK_MAGIC(l, LISTENER_MAGIC);
	listening_begin(listening, &work, "answering a request", WORK_MS);
	ret = on_request(l, conn, path, method, data, size, state);
	listening_end(listening, &work);
	return ret;
}

void api_on_completed(void *arg, struct MHD_Connection *conn, void **state,
		      enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;

	(void)arg;
	(void)conn;
	(void)why;
	if (!r)
		return;
	CHECK_MAGIC(r, REQUEST_MAGIC);
	request_free(r);
	*state = NULL;
}
