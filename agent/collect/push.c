/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "push.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#define PUSH_MAGIC 0x70757368u
#define BODY_MAX_BYTES (1u << 20)

void push_init(struct push *p, size_t queue_bytes)
{
	p->magic = PUSH_MAGIC;
	buf_init(&p->body, BODY_MAX_BYTES * 2);
	batch_queue_init(&p->queue, queue_bytes);
}

void push_done(struct push *p)
{
	httpm_cancel(p->call);
	batch_queue_done(&p->queue);
	buf_done(&p->body);
	free(p->host);
	free(p->address);
	p->magic = 0;
}

static void read_refused(struct push *p, const struct http_res *res)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *refused, *first;
	const char *name = "", *why = "";
	struct err e;

	if (json_parse(buf_str(&res->body), res->body.len, "answer", &doc, NULL) < 0)
		return;
	refused = json_object_get(doc, "refused");
	if (!refused) {
		log_streak(&p->refused, "samples-refused", NULL);
		return;
	}
	first = json_array_get(json_object_get(refused, "samples"), 0);
	(void)!jread_str_opt(first, "sample", &name, NULL);
	(void)!jread_str_opt(first, "why", &why, NULL);
	(void)err_set(&e, ERR_DENIED, "%.100s: %.200s", name, why);
	log_streak(&p->refused, "samples-refused", &e);
}

static void on_pushed(void *arg, const struct http_res *res, bool sent,
		      const struct err *err)
{
	struct push *p = arg;
	bool ok = !err && res->status >= 200 && res->status <= 299;
	/* A batch that it will never accept must not block those after it. */
	bool refused = !err && (res->status == 400 || res->status == 413);

	(void)sent;
	CHECK_MAGIC(p, PUSH_MAGIC);
	p->call = NULL;
	buf_clear(&p->body);
	if (ok || refused)
		batch_queue_pop(&p->queue, p->n);
	if (!ok && !p->failing) {
		CLEANUP(free)
		char *status = err ? NULL : xasprintf("status %ld", res->status);

		log_warn("metrics-not-pushed", STR("error", err ? err->msg : status));
	} else if (ok && p->failing) {
		log_info("metrics-push-recovered", INT("queued_bytes", p->queue.bytes),
			 INT("dropped", p->queue.dropped));
	}
	p->failing = !ok;
	if (ok) {
		if (p->held_ms == p->told_ms)
			p->held_ms = 0;
		read_refused(p, res);
		logs_asked(p->logs, res);
		push_send(p);
	}
}

void push_held(struct push *p, int64_t ms, const char *what)
{
	if (ms <= p->held_ms)
		return;
	p->held_ms = ms;
	snprintf(p->held_by, sizeof(p->held_by), "%s", what);
}

static void add_held(struct push *p)
{
	p->told_ms = p->held_ms;
	if (!p->held_ms)
		return;
	buf_printf(&p->body, ",\"held\":{\"ms\":%lld,\"by\":", (long long)p->held_ms);
	json_add_string(&p->body, p->held_by);
	buf_putc(&p->body, '}');
}

void push_send(struct push *p)
{
	if (p->call || !p->queue.first)
		return;
	buf_clear(&p->body);
	buf_puts(&p->body, "{\"host\":");
	json_add_string(&p->body, p->host);
	buf_puts(&p->body, ",\"address\":");
	json_add_string(&p->body, p->address);
	/* The receiver's clock may differ. */
	buf_printf(&p->body, ",\"now\":%lld,\"samples\":[", (long long)clock_now_ms());
	p->n = batch_queue_peek(&p->queue, BODY_MAX_BYTES, &p->body);
	buf_puts(&p->body, "]");
	add_held(p);
	buf_puts(&p->body, "}");
	post_json(p->post, "/v1/agent/metrics", p->body.data, p->body.len, on_pushed, p,
		  &p->call);
}
