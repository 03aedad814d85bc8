/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_services.c - what the controller provides to drivers: HTTP, clocks, random
 * bytes, log.
 */
#include "buf.h"
#include "check.h"
#include "clock.h"
#include "driver_load.h"
#include "driver_util.h"
#include "log.h"
#include "net.h"

#include <gnutls/crypto.h>

/* ---------------------------------------------------------------- HTTP */

struct answer {
	struct buf headers, body;
};

static void answer_free(struct answer *a)
{
	if (!a)
		return;
	buf_done(&a->headers);
	buf_done(&a->body);
	free(a);
}

DEFINE_CLEANUP(struct answer *, answer_free);

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_add(body, data, size * n);
	return buf_is_full(body) ? 0 : size * n;
}

/*
 * Whether the server may have acted: not if no byte was sent, nor for a read-only method.
 */
static enum drv_class class_of_failure(CURL *h, const struct drv_http_request *req)
{
	long sent = 0;

	curl_easy_getinfo(h, CURLINFO_REQUEST_SIZE, &sent);
	if (sent == 0 || strcmp(req->method, "GET") == 0 ||
	    strcmp(req->method, "HEAD") == 0)
		return DRV_TRANSIENT;
	return DRV_AMBIGUOUS;
}

static void set_answer(CURL *h, struct answer *a, char *text)
{
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, http_curl_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, &a->headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &a->body);
}

static int new_handle(const struct drv_http_request *req, CURL **ret,
		      struct curl_slist **ret_headers, struct drv_err *err)
{
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
		.use_proxy = true,
		.timeout_ms = req->deadline_mono_ms - clock_mono_ms(),
	};
	struct err e;
	int rc;

	if (r.timeout_ms <= 0)
		return drv_fail(err, DRV_TRANSIENT,
				"the deadline passed before the call");
	rc = http_curl_new(&r, false, ret, ret_headers, &e);
	if (rc < 0)
		return drv_fail(err, rc == ERR_INVAL ? DRV_BADREQ : DRV_BUG, "%s", e.msg);
	if (req->sigv4) {
		curl_easy_setopt(*ret, CURLOPT_AWS_SIGV4, req->sigv4);
		curl_easy_setopt(*ret, CURLOPT_USERPWD, req->userpwd);
	}
	return 0;
}

static int host_http(void *ctx, const struct drv_http_request *req,
		     struct drv_http_answer *ret, struct drv_err *err)
{
	CLEANUP(answer_free) struct answer *a = xcalloc(1, sizeof(*a));
	CLEANUP(curl_slist_free_all) struct curl_slist *headers = NULL;
	CLEANUP(curl_easy_cleanup) CURL *h = NULL;
	char text[CURL_ERROR_SIZE] = "";
	struct err e;
	CURLcode curl_rc;
	int rc;

	(void)ctx;
	buf_init(&a->headers, HTTP_HEADER_BYTES);
	buf_init(&a->body,
		 req->max_answer_bytes ? req->max_answer_bytes : HTTP_ANSWER_BYTES);
	rc = new_handle(req, &h, &headers, err);
	if (rc < 0)
		return rc;
	set_answer(h, a, text);
	curl_rc = curl_easy_perform(h);
	if (curl_rc != CURLE_OK) {
		(void)http_curl_error(curl_rc, text, req->url, &e);
		return drv_fail(err, class_of_failure(h, req), "%s", e.msg);
	}
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &ret->status);
	ret->headers = buf_str(&a->headers);
	ret->body = buf_str(&a->body);
	ret->body_len = a->body.len;
	ret->owned = TAKE(a);
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
	static const enum log_level levels[] = {
		[DRV_LOG_DEBUG] = LOG_LEVEL_DEBUG,
		[DRV_LOG_INFO] = LOG_LEVEL_INFO,
		[DRV_LOG_WARN] = LOG_LEVEL_WARN,
		[DRV_LOG_ERROR] = LOG_LEVEL_ERROR,
	};

	(void)ctx;
	LOG_EVENT(levels[level], event, STR("driver", detail));
}

const struct drv_host driver_host = {
	.size = sizeof(struct drv_host),
	.http = host_http,
	.http_done = host_http_done,
	.mono_ms = host_mono_ms,
	.wall_ms = host_wall_ms,
	.random = host_random,
	.log = host_log,
};
