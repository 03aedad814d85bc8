/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include "check.h"
#include "clock.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

#define STORE_CALL_MAGIC 0x73636c6cu

#define TRY_MIN_MS 500

struct store_call *store_call_new(struct store *s, const char *path, bool repeatable,
				  store_answer_fn *answer, void *arg)
{
	struct store_call *c = xcalloc(1, sizeof(*c));

	CHECK_MAGIC(s, STORE_MAGIC);
	c->magic = STORE_CALL_MAGIC;
	c->s = s;
	c->path = path;
	c->repeatable = repeatable;
	c->answer = answer;
	c->arg = arg;
	c->deadline_ms = clock_mono_ms() + s->timeout_ms;
	buf_init(&c->body, STORE_REQUEST_BYTES);
	ejson_open(&c->body, NULL, '{');
	c->next = s->calls;
	if (c->next)
		c->next->link = &c->next;
	c->link = &s->calls;
	s->calls = c;
	return c;
}

void store_call_free(struct store_call *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	store_signed_cancel(c->http);
	buf_done(&c->body);
	c->magic = 0;
	free(c);
}

void store_cancel(struct store_call *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, STORE_CALL_MAGIC);
	store_call_free(c);
}

/* Off the list before the callback, so that it cannot be cancelled then. */
static void answer(struct store_call *c, const json_t *doc, const struct err *err)
{
	store_answer_fn *fn = c->answer;
	struct store_call copy = *c;

	store_call_free(c);
	copy.link = NULL;
	copy.http = NULL;
	buf_init(&copy.body, 0);
	fn(&copy, doc, err);
}

/* ---------------------------------------------------------------- tries */

static void on_http(void *arg, const struct http_res *res, bool sent,
		    const struct err *err);

static void try(struct store_call *c)
{
	struct store *s = c->s;
	int64_t left = MAX(c->deadline_ms - clock_mono_ms(), 1);
	struct http_req req;

	c->endpoint = store_endpoint_choose(s, c->tries++);
	req = store_request(s);
	req.body = c->body.data;
	req.body_len = c->body.len;
	req.max_answer_bytes = STORE_ANSWER_BYTES;
	req.timeout_ms = left;
	/* An endpoint that hangs must not use up the time of a read. */
	if (c->repeatable && s->n_endpoints > 1)
		req.timeout_ms = MIN(
			left, MAX(s->timeout_ms / (int64_t)s->n_endpoints, TRY_MIN_MS));
	c->http = store_signed_start(s, c->endpoint, c->path, &req, NULL, on_http, c);
}

/* The endpoint cannot serve now; another might. */
static void failed_there(struct store_call *c, bool maybe_done, const struct err *err)
{
	struct store *s = c->s;

	store_endpoint_failed(s, c->endpoint, err);
	if ((maybe_done && !c->repeatable) || c->tries >= s->n_endpoints ||
	    clock_mono_ms() >= c->deadline_ms)
		answer(c, NULL, err);
	else
		try(c);
}

static void on_answer(struct store_call *c, const struct http_res *res)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *result;
	struct err err;
	int rc;

	if (res->status != 200) {
		rc = store_wire_error(res->status, buf_str(&res->body), res->body.len,
				      &err);
		if (rc == ERR_UNAVAIL || rc == ERR_TIMEOUT) {
			failed_there(c, !strstr(err.msg, "no leader"), &err);
			return;
		}
		store_endpoint_worked(c->s, c->endpoint);
		answer(c, NULL, &err);
		return;
	}
	store_endpoint_worked(c->s, c->endpoint);
	doc = json_loadb(buf_str(&res->body), res->body.len, 0, NULL);
	result = json_object_get(doc, "result") ? json_object_get(doc, "result") : doc;
	if (!json_is_object(result))
		err_set(&err, ERR_PROTO, "the store's answer to %s is not a JSON object",
			c->path);
	else if (store_wire_doc_error(doc, &err) == 0)
		err.code = 0;
	answer(c, err.code ? NULL : result, err.code ? &err : NULL);
}

static void on_http(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct store_call *c = arg;

	CHECK_MAGIC(c, STORE_CALL_MAGIC);
	c->http = NULL;
	if (res)
		on_answer(c, res);
	else if (err->code == ERR_LIMIT || err->code == ERR_INVAL)
		answer(c, NULL, err); /* another endpoint would not help */
	else
		failed_there(c, sent, err);
}

/* ---------------------------------------------------------------- sending */

void store_call_on_deferred(void *arg)
{
	struct store *s = arg;
	struct store_call *c = s->calls;

	CHECK_MAGIC(s, STORE_MAGIC);
	while (c) {
		if (!c->failed.code) {
			c = c->next;
			continue;
		}
		struct err err = c->failed;

		answer(c, NULL, &err);
		c = s->calls;
	}
}

struct store_call *store_call_send(struct store_call *c)
{
	ejson_close(&c->body, '}');
	if (buf_is_full(&c->body)) {
		err_set(&c->failed, ERR_LIMIT, "the request is larger than %u bytes",
			STORE_REQUEST_BYTES);
		loop_timer_in(c->s->deferred, 0);
	} else {
		try(c);
	}
	return c;
}
