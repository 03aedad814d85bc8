/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "signed.h"

#include "auth.h"
#include "check.h"
#include "clock.h"

#include <string.h>

#define SIGNED_MAGIC 0x73676e64u
#define HEADERS_MAX 4

struct store_signed {
	uint32_t magic;
	struct store *s;
	struct store_signed *next, **link; /* of those that wait for a token */
	bool in_turn;
	bool is_second; /* the first was refused */
	size_t endpoint;
	const char *path;
	struct http_req req; /* with its own body, while there are users */
	struct buf body;
	int64_t until_ms; /* 0: a stream */
	char *token;      /* that it was sent with */
	struct store_exchange *exchange;
	httpm_data_fn *data;
	httpm_done_fn *done;
	void *arg;
};

static void leave_list(struct store_signed *r)
{
	if (!r->link)
		return;
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	r->link = NULL;
}

static void join_list(struct store_signed *r)
{
	r->next = r->s->unsent;
	if (r->next)
		r->next->link = &r->next;
	r->link = &r->s->unsent;
	r->s->unsent = r;
}

static void signed_free(struct store_signed *r)
{
	leave_list(r);
	buf_done(&r->body);
	free(r->token);
	r->magic = 0;
	free(r);
}

/* It is gone before its user hears of it. */
static void finish(struct store_signed *r, const struct http_res *res, bool sent,
		   const struct err *err)
{
	httpm_done_fn *done = r->done;
	void *arg = r->arg;

	signed_free(r);
	done(arg, res, sent, err);
}

static void wait_for_token(struct store_signed *r)
{
	join_list(r);
	store_auth_ask(r->s->auth, r->endpoint);
}

/* ---------------------------------------------------------------- the exchange */

static void on_data(void *arg, const char *data, size_t n)
{
	struct store_signed *r = arg;

	CHECK_MAGIC(r, SIGNED_MAGIC);
	r->data(r->arg, data, n);
}

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct store_signed *r = arg;

	CHECK_MAGIC(r, SIGNED_MAGIC);
	r->exchange = NULL;
	if (r->s->auth && res && res->status != 200 && !r->is_second &&
	    store_signed_is_refused(r, buf_str(&res->body))) {
		r->is_second = true;
		wait_for_token(r);
		return;
	}
	finish(r, res, sent, err);
}

bool store_signed_is_refused(struct store_signed *r, const char *words)
{
	if (!r->s->auth || !store_auth_is_refusal(words))
		return false;
	store_auth_refused(r->s->auth, r->token);
	return true;
}

static void dispatch(struct store_signed *r)
{
	const char *token = r->s->auth ? store_auth_token(r->s->auth) : NULL;
	CLEANUP(free) char *line = token ? xasprintf("Authorization: %s", token) : NULL;
	const char *headers[HEADERS_MAX] = { NULL };
	size_t n = 0;

	for (; r->req.headers && r->req.headers[n]; n++) {
		CHECK(n + 2 < HEADERS_MAX);
		headers[n] = r->req.headers[n];
	}
	headers[n] = line;
	free(r->token);
	r->token = token ? xstrdup(token) : NULL;
	struct http_req req = r->req;
	req.headers = headers;
	if (r->until_ms)
		req.timeout_ms = MAX(r->until_ms - clock_mono_ms(), 1);
	/* The request is copied. */
	r->exchange = store_exchange_start(r->s, r->endpoint, r->path, &req,
					   r->data ? on_data : NULL, on_done, r);
}

struct store_signed *store_signed_start(struct store *s, size_t endpoint,
					const char *path, const struct http_req *req,
					httpm_data_fn *data, httpm_done_fn *done,
					void *arg)
{
	struct store_signed *r = xcalloc(1, sizeof(*r));

	r->magic = SIGNED_MAGIC;
	r->s = s;
	r->endpoint = endpoint;
	r->path = path;
	r->req = *req;
	r->data = data;
	r->done = done;
	r->arg = arg;
	r->until_ms = req->timeout_ms > 0 ? clock_mono_ms() + req->timeout_ms : 0;
	buf_init(&r->body, SIZE_MAX);
	if (s->auth) {
		buf_add(&r->body, req->body, req->body_len);
		r->req.body = buf_str(&r->body);
	}
	if (!s->auth || store_auth_is_ready(s->auth))
		dispatch(r);
	else
		wait_for_token(r);
	return r;
}

void store_signed_cancel(struct store_signed *r)
{
	if (!r)
		return;
	CHECK_MAGIC(r, SIGNED_MAGIC);
	store_exchange_cancel(r->exchange);
	signed_free(r);
}

/* ---------------------------------------------------------------- those that wait */

static struct store_signed *next_in_turn(const struct store *s)
{
	for (struct store_signed *r = s->unsent; r; r = r->next)
		if (r->in_turn)
			return r;
	return NULL;
}

void store_signed_on_auth(struct store *s, size_t endpoint, const struct http_res *res,
			  const struct err *err)
{
	struct store_signed *r;

	/* An endpoint that is away says nothing about the others; and callbacks may start
	 * and cancel any. */
	for (r = s->unsent; r; r = r->next)
		r->in_turn = !err || r->endpoint == endpoint;
	while ((r = next_in_turn(s))) {
		leave_list(r);
		r->in_turn = false;
		if (res || err)
			finish(r, res, false, err);
		else
			dispatch(r);
	}
	if (s->unsent)
		store_auth_ask(s->auth, s->unsent->endpoint);
}
