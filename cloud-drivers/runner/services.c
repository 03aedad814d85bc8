/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services.c - what a driver is given: HTTP, clocks, random bytes, log.
 */
#include "runner.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "driver_util.h"
#include "net.h"
#include "text.h"

#include <gnutls/crypto.h>

/* ---------------------------------------------------------------- HTTP */

static void answer_free(struct http_res *res)
{
	if (!res)
		return;
	http_res_done(res);
	free(res);
}

DEFINE_CLEANUP(struct http_res *, answer_free);

/*
 * Whether the server may have acted: not if no byte was sent, nor for a read-only method.
 */
static enum drv_class class_of_failure(int rc, enum http_progress progress,
				       const struct drv_http_request *req)
{
	if (progress == HTTP_UNSTARTED)
		return rc == ERR_INVAL ? DRV_BADREQ : DRV_BUG;
	if (progress == HTTP_UNSENT || strcmp(req->method, "GET") == 0 ||
	    strcmp(req->method, "HEAD") == 0)
		return DRV_TRANSIENT;
	return DRV_AMBIGUOUS;
}

static int host_http(void *ctx, const struct drv_http_request *req,
		     struct drv_http_answer *ret, struct drv_err *err)
{
	CLEANUP(answer_free) struct http_res *res = xcalloc(1, sizeof(*res));
	const struct http_req r = {
		.method = req->method,
		.url = req->url,
		.headers = req->headers,
		.body = req->body,
		.body_len = req->body_len,
		.ca_file = req->ca_file,
		.cert_file = req->cert_file,
		.key_file = req->key_file,
		.unix_socket = req->unix_socket,
		.sigv4 = req->sigv4,
		.userpwd = req->userpwd,
		.use_proxy = true,
		.timeout_ms = req->deadline_mono_ms - clock_mono_ms(),
		.max_answer_bytes = req->max_answer_bytes,
	};
	enum http_progress progress;
	struct err e;
	int rc;

	(void)ctx;
	if (r.timeout_ms <= 0)
		return drv_fail(err, DRV_TRANSIENT,
				"the deadline passed before the call");
	rc = http_exchange_progress(&r, res, &progress, &e);
	if (rc < 0)
		return drv_fail(err, class_of_failure(rc, progress, req), "%s", e.msg);
	ret->status = res->status;
	ret->headers = buf_str(&res->headers);
	ret->body = buf_str(&res->body);
	ret->body_len = res->body.len;
	ret->owned = TAKE(res);
	return 0;
}

static void host_http_done(void *ctx, struct drv_http_answer *answer)
{
	(void)ctx;
	answer_free(answer->owned);
	*answer = (struct drv_http_answer){ .status = 0 };
}

/* ---------------------------------------------------------------- the rest */

static int64_t host_mono_ms(void *ctx)
{
	(void)ctx;
	return clock_mono_ms();
}

static int64_t host_wall_ms(void *ctx)
{
	(void)ctx;
	return clock_wall_ms();
}

static void host_random(void *ctx, void *bytes, size_t n)
{
	(void)ctx;
	CHECK(gnutls_rnd(GNUTLS_RND_NONCE, bytes, n) == 0);
}

static void host_log(void *ctx, enum drv_log_level level, const char *event,
		     const char *detail)
{
	static const char *const levels[] = {
		[DRV_LOG_DEBUG] = "debug",
		[DRV_LOG_INFO] = "info",
		[DRV_LOG_WARN] = "warn",
		[DRV_LOG_ERROR] = "error",
	};

	out_json(ctx, json_pack("{s:{s:s, s:o, s:o}}", "log", "level", levels[level],
				"event", json_text(event), "detail", json_text(detail)));
}

void runner_services(struct out *out, struct drv_host *ret)
{
	*ret = (struct drv_host){
		.size = sizeof(struct drv_host),
		.ctx = out,
		.http = host_http,
		.http_done = host_http_done,
		.mono_ms = host_mono_ms,
		.wall_ms = host_wall_ms,
		.random = host_random,
		.log = host_log,
	};
}
