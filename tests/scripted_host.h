/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scripted_host.h - the services of a driver's host, scripted: each call of http() gets
 * the next answer, and time stands where the test puts it.
 */
#ifndef TESTS_SCRIPTED_HOST_H
#define TESTS_SCRIPTED_HOST_H

#include "check.h"
#include "driver.h"
#include "driver_util.h"

#include <stdlib.h>

#define SCRIPTED_MAX 32

struct scripted_answer {
	long status;         /* below 0: a failure of that class, without an answer */
	const char *headers; /* lines after the status's; NULL: none */
	const char *body;    /* NULL: none */
};

struct scripted_request {
	char *method, *url, *headers, *body; /* headers: lines, each ended by '\n' */
	char *sigv4, *userpwd;               /* "" when it is not signed */
};

struct scripted_host {
	struct drv_host services; /* what the driver gets */
	const struct scripted_answer *answers;
	size_t n_answers, n; /* given so far */
	size_t n_open;       /* answers that were not given back */
	struct scripted_request requests[SCRIPTED_MAX];
	int64_t mono_ms, wall_ms;
};

static inline char *scripted_headers(const struct drv_http_request *req)
{
	char *all = xstrdup("");

	for (size_t i = 0; req->headers && req->headers[i]; i++) {
		char *more = xasprintf("%s%s\n", all, req->headers[i]);

		free(all);
		all = more;
	}
	return all;
}

static inline int scripted_http(void *ctx, const struct drv_http_request *req,
				struct drv_http_answer *ret, struct drv_err *err)
{
	struct scripted_host *h = ctx;
	const struct scripted_answer *a = &h->answers[h->n];

	CHECK(h->n < SCRIPTED_MAX);
	if (h->n == h->n_answers)
		return drv_fail(err, DRV_BUG, "no answer is scripted for %s %s",
				req->method, req->url);
	h->requests[h->n++] = (struct scripted_request){
		.method = xstrdup(req->method),
		.url = xstrdup(req->url),
		.headers = scripted_headers(req),
		.body = xstrndup(req->body_len ? req->body : "", req->body_len),
		.sigv4 = xstrdup(req->sigv4 ? req->sigv4 : ""),
		.userpwd = xstrdup(req->userpwd ? req->userpwd : ""),
	};
	if (a->status < 0)
		return drv_fail(err, (enum drv_class)a->status, "the call was lost");
	*ret = (struct drv_http_answer){
		.status = a->status,
		.body = a->body ? a->body : "",
		.body_len = a->body ? strlen(a->body) : 0,
		.owned = xasprintf("HTTP/1.1 %ld X\r\n%s\r\n", a->status,
				   a->headers ? a->headers : ""),
	};
	ret->headers = ret->owned;
	h->n_open++;
	return 0;
}

static inline void scripted_http_done(void *ctx, struct drv_http_answer *answer)
{
	struct scripted_host *h = ctx;

	h->n_open--;
	free(answer->owned);
	*answer = (struct drv_http_answer){ .status = 0 };
}

static inline int64_t scripted_mono_ms(void *ctx)
{
	return ((struct scripted_host *)ctx)->mono_ms;
}

static inline int64_t scripted_wall_ms(void *ctx)
{
	return ((struct scripted_host *)ctx)->wall_ms;
}

static inline void scripted_random(void *ctx, void *bytes, size_t n)
{
	(void)ctx;
	memset(bytes, 7, n);
}

static inline void scripted_log(void *ctx, enum drv_log_level level, const char *event,
				const char *detail)
{
	(void)ctx, (void)level, (void)event, (void)detail;
}

/* h is at rest until the answers, an array that outlives it, are asked for. */
static inline void scripted_start(struct scripted_host *h,
				  const struct scripted_answer *answers, size_t n)
{
	*h = (struct scripted_host){
		.answers = answers,
		.n_answers = n,
		.mono_ms = 1000000,
		.wall_ms = INT64_C(1767225600000), /* 2026-01-01 */
	};
	h->services = (struct drv_host){
		.size = sizeof(struct drv_host),
		.ctx = h,
		.http = scripted_http,
		.http_done = scripted_http_done,
		.mono_ms = scripted_mono_ms,
		.wall_ms = scripted_wall_ms,
		.random = scripted_random,
		.log = scripted_log,
	};
}

/* All answers were asked for and given back. */
static inline void scripted_end(struct scripted_host *h)
{
	CHECK(h->n == h->n_answers);
	CHECK(h->n_open == 0);
	for (size_t i = 0; i < h->n; i++) {
		free(h->requests[i].method);
		free(h->requests[i].url);
		free(h->requests[i].headers);
		free(h->requests[i].body);
		free(h->requests[i].sigv4);
		free(h->requests[i].userpwd);
	}
}

#endif
