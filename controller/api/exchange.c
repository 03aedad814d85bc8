/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exchange.h"

#include "address.h"
#include "admit.h"
#include "auth.h"
#include "check.h"
#include "dashboard.h"
#include "etcd.h"
#include "idempotency.h"
#include "job.h"
#include "listening.h"
#include "logs.h"
#include "repeats.h"
#include "reply.h"
#include "routes.h"
#include "strict.h"
#include "workers.h"

#include <string.h>

#define WORK_MS 2000   /* of one request, above which nobody listened */
#define IS_ELSEWHERE 1 /* no error: it is suspended */

/* Told at the first request: a connection may last for days. */
static void note_asked(const struct api_listener *l, struct api_peer *p)
{
	const struct api_hooks *hooks = &l->api->hooks;

	if (!p || p->has_asked)
		return;
	p->has_asked = true;
	if (*p->address && l->is_tls && hooks->connection)
		hooks->connection(hooks->arg, p->address, true);
}

static struct api_peer *peer_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return context ? context->socket_context : NULL;
}

static void now_doing(struct request *r, enum peer_doing doing)
{
	if (r->peer)
		peers_doing(r->peer, doing);
}

/* A request begins; what it is will be known with its headers. */
void *api_on_target(void *arg, const char *target, struct MHD_Connection *conn)
{
	const struct api_listener *l = arg;
	struct request *r = xcalloc(1, sizeof(*r));

	CHECK_MAGIC(l, LISTENER_MAGIC);
	r->magic = REQUEST_MAGIC;
	r->api = l->api;
	r->conn = conn;
	r->is_tls = l->is_tls;
	r->is_local_only = l->is_loopback && !l->is_tls;
	r->peer = peer_of(conn);
	r->target = xstrdup(target);
	r->queue_result = MHD_YES;
	buf_init(&r->body, 0);
	now_doing(r, PEER_GREETING);
	note_asked(l, r->peer);
	return r;
}

static void take_headers(struct request *r, const char *method, const char *path,
			 const char *version)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->has_headers = true;
	r->is_http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	r->is_loopback = info && api_is_loopback(info->client_addr);
	/* HEAD is handled as GET; libmicrohttpd omits the body. */
	r->method = xstrdup(strcmp(method, "HEAD") == 0 ? "GET" : method);
	path = strict_path(path);
	r->path = xstrdup(path);
	r->route = api_route_find(r->method, path, r->args, r->allow);
	if (!r->route && r->api->hooks.kv && kv_handles(path))
		r->route = &api_kv_route;
	buf_init(&r->body, r->route ? r->route->body_max : 0);
	snprintf(r->caller, sizeof(r->caller), "address %.63s",
		 r->peer ? r->peer->address : "");
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
		repeats_forget(r->api->repeats, r->kept_key);
	admit_room_done(r);
	buf_done(&r->body);
	json_decref(r->fail_more);
	free(r->kept_key);
	free(r->etag);
	free(r->location);
	free(r->method);
	free(r->path);
	free(r->target);
	free(r);
}

static int answer(struct request *r, struct err *err)
{
	int rc;

	if (!r->route)
		return api_web_file(r)
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	/* It may have waited for a while. */
	if (!api_token_lives(r->api, r->token_id))
		return request_fail(r, 401, err, "the token was revoked, or has expired");
	if (r->token_id)
		api_token_used(r);
	rc = admit_size(r, err);
	if (rc < 0 || api_repeated(r))
		return rc;
	return r->route->handler(r, err);
}

/* What hosts need of us, and files that are in memory, is answered here and now; all that
 * people and programs ask for, also those of a host, is done by others. */
static int run(struct request *r, struct err *err)
{
	int rc;

	if (!r->route || (r->role == API_HOST && !r->is_programs) ||
	    r->route->role == API_ANYONE)
		return answer(r, err);
	rc = workers_do(r->api->workers, r, answer, err);
	return rc == 0 ? IS_ELSEWHERE : rc;
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

/* A part of the body. Who sends one that does not fit is told at its end. */
static void take_part(struct request *r, const char *data, size_t size)
{
	const size_t need = r->body.len + size;

	if (r->peer)
		peers_got(r->peer, size);
	if (need > r->room && r->route)
		admit_room(r, MIN(MAX(need, 2 * r->room), r->route->body_max));
	if (!r->is_crowded)
		buf_add(&r->body, data, size);
}

static int on_headers(struct request *r, struct err *err)
{
	const bool has_body = admit_announces_body(r);
	const char *length = request_header(r, "Content-Length");
	int rc;

	now_doing(r, has_body ? PEER_SENDING : PEER_WAITING);
	if (!has_body)
		return 0;
	rc = admit(r, err);
	/* Before any of it is read. */
	if (rc == 0 && length && r->route)
		admit_room(r, strtoull(length, NULL, 10));
	return rc;
}

/* All of it has come, or a suspended one goes on. */
static int go_on(struct request *r, struct err *err)
{
	int rc = 0;

	/* Who asked may have lost the right to the answer meanwhile. */
	if (r->again && !api_token_lives(r->api, r->token_id))
		return request_fail(r, 401, err, "the token was revoked, or has expired");
	if (r->again)
		return r->again(r, err);
	if (r->has_worked) {
		*err = r->err;
		return r->rc;
	}
	now_doing(r, PEER_WAITING);
	if (!r->has_begun)
		rc = admit(r, err);
	if (rc == 0 && r->is_crowded) {
		r->retry_s = 2;
		rc = err_set(err, ERR_UNAVAIL,
			     "too many large bodies of %s arrive at once: try again",
			     r->caller);
	}
	if (rc == 0)
		rc = admit_pay(r, err);
	if (rc == 0)
		rc = admit_stream(r, err);
	return rc == 0 ? run(r, err) : rc;
}

static enum MHD_Result on_request(struct request *r, const char *path, const char *method,
				  const char *version, const char *data, size_t *size)
{
	struct err e = { .code = 0, .msg = "" };
	int rc;

	CHECK_MAGIC(r, REQUEST_MAGIC);
	if (!r->has_headers) {
		take_headers(r, method, path, version);
		rc = on_headers(r, &e);
		return rc == 0 ? MHD_YES : finish(r, rc, &e);
	}
	if (*size > 0) {
		take_part(r, data, *size);
		*size = 0;
		return MHD_YES;
	}
	rc = go_on(r, &e);
	/* From then on r is the worker's. */
	return rc == IS_ELSEWHERE ? MHD_YES : finish(r, rc, &e);
}

/* Its thread carries leases and pushes of hosts too, when it is of their listener. */
enum MHD_Result api_on_request(void *arg, struct MHD_Connection *conn, const char *path,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state)
{
	const struct api_listener *l = arg;
	struct listening *listening = l->is_tls ? l->api->opts.listening : NULL;
	struct listening_work work;
	enum MHD_Result ret;

	(void)conn;
	CHECK_MAGIC(l, LISTENER_MAGIC);
	listening_begin(listening, &work, "answering a request", WORK_MS);
	ret = on_request(*state, path, method, version, data, size);
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
	now_doing(r, PEER_IDLE);
	request_free(r);
	*state = NULL;
}
