/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve.h"

#include "calls.h"
#include "check.h"
#include "driver_util.h"
#include "text.h"
#include "wire.h"

#include <string.h>
#include <unistd.h>

#define STACK_BYTES (1024u * 1024u) /* many threads fit the limit of address space */

struct server {
	const struct drv_ops *ops;
	struct drv_host host;
	struct out *out;
	char *options;     /* what the driver was opened with; NULL: not yet */
	struct drv *first; /* of the thread that takes it */
	pthread_mutex_t lock;
	pthread_cond_t came;
	json_t *queue; /* of requests */
};

/* ---------------------------------------------------------------- who makes calls */

static json_t *next_request(struct server *s)
{
	json_t *request;

	pthread_mutex_lock(&s->lock);
	while (json_array_size(s->queue) == 0)
		pthread_cond_wait(&s->came, &s->lock);
	request = json_incref(json_array_get(s->queue, 0));
	json_array_remove(s->queue, 0);
	pthread_mutex_unlock(&s->lock);
	return request;
}

static struct drv *take_first(struct server *s)
{
	struct drv *d;

	pthread_mutex_lock(&s->lock);
	d = TAKE(s->first);
	pthread_mutex_unlock(&s->lock);
	return d;
}

/* Each thread has a driver of its own, as the ABI wants it. */
static void *caller(void *arg)
{
	struct server *s = arg;
	struct drv *d = take_first(s);

	for (;;) {
		json_t *request = next_request(s);
		struct drv_err e = { .retry_after_ms = -1 };

		if (d || (e.cls = s->ops->open(&s->host, s->options, &d, &e)) == 0)
			out_json(s->out, call_run(s->ops, d, request, s->out));
		else
			out_json(s->out, call_failed(request, &e));
		json_decref(request);
	}
	return NULL;
}

static bool start_callers(struct server *s, unsigned n)
{
	pthread_attr_t attr;
	pthread_t thread;
	unsigned started = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (started < n && pthread_create(&thread, &attr, caller, s) == 0)
		started++;
	pthread_attr_destroy(&attr);
	return started > 0;
}

/* ---------------------------------------------------------------- open */

static int open_driver(struct server *s, const json_t *request, struct drv_caps *ret_caps,
		       struct drv_err *e)
{
	const json_t *options = json_object_get(request, "options");
	char *text;
	int rc;

	if (s->options)
		return drv_fail(e, DRV_CONFLICT, "the driver is open");
	text = options ? json_dumps(options, JSON_COMPACT) : NULL;
	if (!text)
		return drv_fail(e, DRV_BADREQ, "'options' must be an object");
	rc = s->ops->open(&s->host, text, &s->first, e);
	if (rc < 0) {
		explicit_bzero(text, strlen(text));
		free(text);
		e->cls = rc;
		return rc;
	}
	s->options = text;
	*ret_caps = so_caps(s->ops, s->ops->caps(s->first));
	return 0;
}

static void answer_open(struct server *s, const json_t *request)
{
	struct drv_err e = { .retry_after_ms = -1 };
	struct drv_caps can = { .in_flight = 1 };
	json_t *caps;

	if (open_driver(s, request, &can, &e) < 0) {
		out_json(s->out, call_failed(request, &e));
		return;
	}
	caps = wire_caps(&can);
	if (!start_callers(s, can.in_flight)) {
		drv_fail(&e, DRV_TRANSIENT, "no thread can be started");
		out_json(s->out, call_failed(request, &e));
		json_decref(caps);
		return;
	}
	out_json(s->out,
		 json_pack("{s:O, s:b, s:o}", "id", json_object_get(request, "id"), "ok",
			   true, "caps", caps));
}

/* ---------------------------------------------------------------- requests */

/* A request that is queued is its caller's alone. */
static void take(struct server *s, json_t *take_request)
{
	CLEANUP(json_decref) json_t *request = take_request;
	const char *call = json_string_value(json_object_get(request, "call"));
	struct drv_err e;

	if (!json_is_integer(json_object_get(request, "id")))
		return;
	if (call && strcmp(call, "open") == 0) {
		answer_open(s, request);
	} else if (!s->options) {
		drv_fail(&e, DRV_BADREQ, "the driver is not open");
		out_json(s->out, call_failed(request, &e));
	} else {
		pthread_mutex_lock(&s->lock);
		json_array_append_new(s->queue, TAKE(request));
		pthread_cond_signal(&s->came);
		pthread_mutex_unlock(&s->lock);
	}
}

static void take_lines(struct server *s, struct lines *in)
{
	char *line;
	size_t len;

	while ((line = lines_next(in, &len))) {
		json_t *request = NULL;

		if (json_parse(line, len, "a request", &request, NULL) == 0)
			take(s, request);
		explicit_bzero(line, len);
	}
}

static json_t *hello(const struct drv_ops *ops)
{
	json_t *options = json_array(), *calls = json_array();
	const struct {
		const char *name;
		bool is_there;
	} optional[] = {
		{ "types", ops->types },
		{ "console", ops->console },
		{ "quota", ops->quota },
		{ "resize", ops->resize },
	};

	for (const char *const *o = so_pool_options(ops); *o; o++)
		json_array_append_new(options, json_string(*o));
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		if (optional[i].is_there)
			json_array_append_new(calls, json_string(optional[i].name));
	return json_pack("{s:i, s:s, s:o, s:s?, s:s?, s:o}", "protocol", WIRE_PROTOCOL,
			 "name", ops->name, "pool_options", options, "zone_option",
			 so_zone_option(ops), "interruption", so_interruption(ops),
			 "calls", calls);
}

void serve_refused(struct out *out, const struct err *e)
{
	struct drv_err error;

	drv_fail(&error, DRV_BUG, "%s", e->msg);
	snprintf(error.code, sizeof(error.code), "%s", err_name(e->code));
	out_json(out, json_pack("{s:i, s:o}", "protocol", WIRE_PROTOCOL, "error",
				wire_err(&error)));
}

void serve(int in, struct out *out, const struct drv_ops *ops)
{
	struct server s = { .ops = ops, .out = out, .queue = json_array() };
	struct lines lines;

	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.came, NULL);
	runner_services(out, &s.host);
	lines_init(&lines, in, WIRE_LINE_MAX);
	out_json(out, hello(ops));
	while (lines_read(&lines) == LINES_MORE)
		take_lines(&s, &lines);
	/* The callers may be in the midst of a call, and use all of this. */
	_exit(0);
}
