/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "post.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "scrape.h"
#include "text.h"
#include "unitfile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROUND_MAX_BYTES (1u << 20)
#define POST_MAX_BYTES (1u << 20)
#define SCRAPE_MS 2000
#define INTERVAL_LEAST_MS 100

/* One source of one unit that is being read. */
struct reading {
	uint32_t magic;
	struct reading *next;
	struct metrics *m;
	char *unit, *stack, *tier;
	struct x_metrics sources; /* owned; only [index] is read */
	size_t index;
	int64_t at_ms;
	struct scrape *scrape;
};

/* ---------------------------------------------------------------- samples as text */

static void add_label(struct buf *b, bool *first, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (!*first)
		buf_putc(b, ',');
	*first = false;
	json_add_string(b, name);
	buf_putc(b, ':');
	json_add_string(b, value);
}

static void add_sample(void *arg, const char *name, const struct collect_label *labels,
		       bool counter, double value)
{
	struct metrics *m = arg;
	struct buf *b = &m->round;
	bool first = true;

	CHECK_MAGIC(m, METRICS_MAGIC);
	if (!isfinite(value))
		return;
	buf_puts(b, b->len ? ",{\"n\":" : "{\"n\":");
	json_add_string(b, name);
	buf_puts(b, ",\"l\":{");
	add_label(b, &first, "host", m->host);
	if (m->now.r) {
		add_label(b, &first, "stack", m->now.r->stack);
		add_label(b, &first, "tier", m->now.r->tier);
		add_label(b, &first, "unit", m->now.r->unit);
	}
	for (; labels && labels->name; labels++)
		add_label(b, &first, labels->name, labels->value);
	buf_printf(b, "},\"k\":\"%c\",\"t\":%lld,\"v\":%.15g}", counter ? 'c' : 'g',
		   (long long)m->now.at_ms, value);
}

static struct collect_sink sink(struct metrics *m, const struct reading *r, int64_t at_ms)
{
	m->now.r = r;
	m->now.at_ms = at_ms;
	return (struct collect_sink){ add_sample, m };
}

/* ---------------------------------------------------------------- pushing */

void metrics_post(struct metrics *m, const char *path, const char *body, size_t len,
		  httpm_done_fn *fn, void *arg, struct httpm_call **ret)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	CLEANUP(free) char *url = xasprintf("%s%s", m->controller, path);
	struct http_req req = { .method = "POST",
				.url = url,
				.headers = headers,
				.body = body,
				.body_len = len,
				.ca_file = m->ca_file,
				.cert_file = m->cert_file,
				.key_file = m->key_file,
				.connect_timeout_ms = 3000,
				.timeout_ms = POST_MS,
				.max_answer_bytes = 1 << 16 };

	*ret = httpm_start(m->http, &req, NULL, fn, arg);
}

static void read_answer(struct metrics *m, const struct http_res *res)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *asks;

	if (json_parse(buf_str(&res->body), res->body.len, "answer", &doc, NULL) < 0)
		return;
	asks = json_object_get(doc, "logs");
	for (size_t i = 0; i < json_array_size(asks); i++)
		metrics_send_log(m, json_array_get(asks, i));
}

static void push(struct metrics *m);

static void on_pushed(void *arg, const struct http_res *res, bool sent,
		      const struct err *err)
{
	struct metrics *m = arg;
	bool ok = !err && res->status >= 200 && res->status <= 299;
	/* What it will never take must not hold up what follows. */
	bool refused = !err && (res->status == 400 || res->status == 413);

	(void)sent;
	CHECK_MAGIC(m, METRICS_MAGIC);
	m->push = NULL;
	buf_clear(&m->push_body);
	if (ok || refused)
		batch_queue_pop(&m->queue, m->push_n);
	if (!ok && !m->failing) {
		CLEANUP(free)
		char *status = err ? NULL : xasprintf("status %ld", res->status);

		log_warn("metrics-not-pushed", STR("error", err ? err->msg : status));
	} else if (ok && m->failing) {
		log_info("metrics-pushed-again", INT("queued_bytes", m->queue.bytes),
			 INT("dropped", m->queue.dropped));
	}
	m->failing = !ok;
	if (ok) {
		read_answer(m, res);
		push(m);
	}
}

static void push(struct metrics *m)
{
	if (m->push || !m->queue.first)
		return;
	buf_clear(&m->push_body);
	buf_puts(&m->push_body, "{\"host\":");
	json_add_string(&m->push_body, m->host);
	buf_puts(&m->push_body, ",\"samples\":[");
	m->push_n = batch_queue_peek(&m->queue, POST_MAX_BYTES, &m->push_body);
	buf_puts(&m->push_body, "]}");
	metrics_post(m, "/v1/agent/metrics", m->push_body.data, m->push_body.len,
		     on_pushed, m, &m->push);
}

static void end_round(struct metrics *m)
{
	if (!m->round.len)
		return;
	if (buf_is_full(&m->round))
		log_warn("metrics-round-too-large", INT("max_bytes", ROUND_MAX_BYTES));
	else
		batch_queue_push(&m->queue, m->round.data, m->round.len);
	buf_done(&m->round);
	push(m);
}

/* ---------------------------------------------------------------- reading */

static void reading_free(struct reading *r)
{
	scrape_free(r->scrape);
	x_metrics_done(&r->sources);
	free(r->unit);
	free(r->stack);
	free(r->tier);
	r->magic = 0;
	free(r);
}

static void complain(struct metrics *m, const char *unit, const struct err *err)
{
	CLEANUP(free) char *words = xasprintf("%s: %s", unit, err->msg);

	if (m->complained && strcmp(m->complained, words) == 0)
		return;
	log_warn("metrics-source-failed", STR("unit", unit), ERR(err));
	free(m->complained);
	m->complained = TAKE(words);
}

static void on_scraped(void *arg, const struct err *err)
{
	struct reading *r = arg;
	struct metrics *m = r->m;
	struct reading **p = &m->readings;

	CHECK_MAGIC(r, METRICS_MAGIC);
	r->scrape = NULL;
	if (err)
		complain(m, r->unit, err);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	reading_free(r);
	if (!m->readings)
		end_round(m);
}

/* Samples come in while other readings are under way, so each brings its own labels. */
static void add_scraped(void *arg, const char *name, const struct collect_label *labels,
			bool counter, double value)
{
	struct reading *r = arg;

	CHECK_MAGIC(r, METRICS_MAGIC);
	(void)sink(r->m, r, r->at_ms);
	add_sample(r->m, name, labels, counter, value);
}

static struct reading *reading_new(struct metrics *m, const struct wanted_unit *u)
{
	struct reading *r = xcalloc(1, sizeof(*r));

	r->magic = METRICS_MAGIC;
	r->m = m;
	r->unit = xstrdup(u->name);
	r->stack = xstrdup(u->stack);
	r->tier = xstrdup(u->tier);
	r->at_ms = clock_now_ms();
	return r;
}

static int read_sources(const struct metrics *m, const struct wanted_unit *u,
			struct x_metrics *ret, struct err *err)
{
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	struct unit_context ctx = { .name = u->name, .host = m->host };
	int rc = unit_file_parse(u->text, strlen(u->text), u->name, &file, err);

	return rc < 0 ? rc : x_metrics_read(file, &ctx, ret, err);
}

static void scrape_unit(struct metrics *m, const struct wanted_unit *u)
{
	size_t n = 1;

	for (size_t i = 0; i < n; i++) {
		struct reading *r = reading_new(m, u);
		struct collect_sink to = { add_scraped, r };
		struct err e;

		if (read_sources(m, u, &r->sources, &e) < 0) {
			complain(m, u->name, &e);
			reading_free(r);
			return;
		}
		n = r->sources.n;
		if (!n) {
			reading_free(r);
			return;
		}
		r->index = i;
		r->next = m->readings;
		m->readings = r;
		r->scrape = scrape_start(m->loop, m->http, &r->sources.v[i], &to,
					 SCRAPE_MS, on_scraped, r);
	}
}

static void add_unit(struct metrics *m, const struct wanted_unit *u)
{
	struct reading *labels = reading_new(m, u);
	struct collect_sink to = sink(m, labels, labels->at_ms);
	double cpu = units_cpu_seconds(m->units, u->name);
	struct unit_status s;

	to.add(to.arg, "unit_up", NULL, false, u->up);
	if (units_get(m->units, u->name, &s))
		to.add(to.arg, "unit_restarts_total", NULL, true, (double)s.restarts);
	if (cpu >= 0)
		to.add(to.arg, "unit_cpu_seconds_total", NULL, true, cpu);
	m->now.r = NULL;
	reading_free(labels);
}

static void on_timer(void *arg)
{
	struct metrics *m = arg;
	struct collect_sink to;
	struct wanted_unit u;

	CHECK_MAGIC(m, METRICS_MAGIC);
	loop_timer_in(m->timer, MAX(clock_real_ms(m->interval_ms), INTERVAL_LEAST_MS));
	if (m->readings) /* a slow source: what is there goes out, it joins later */
		end_round(m);
	buf_init(&m->round, ROUND_MAX_BYTES);
	to = sink(m, NULL, clock_now_ms());
	collect_host(&to);
	for (size_t i = 0; wanted_at(m->wanted, i, &u); i++) {
		bool busy = false;

		for (const struct reading *r = m->readings; r; r = r->next)
			busy |= strcmp(r->unit, u.name) == 0;
		add_unit(m, &u);
		/* What has not answered a check yet would only be complained about. */
		if (u.up && u.health != HEALTH_STARTING && u.text && !busy)
			scrape_unit(m, &u);
	}
	if (!m->readings)
		end_round(m);
}

/* ---------------------------------------------------------------- the object */

struct metrics *metrics_new(struct loop *loop, struct httpm *http,
			    const struct metrics_opts *o)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->magic = METRICS_MAGIC;
	m->loop = loop;
	m->http = http;
	m->controller = xstrdup(o->controller);
	m->ca_file = xstrdup(o->ca_file);
	m->cert_file = xstrdup(o->cert_file);
	m->key_file = xstrdup(o->key_file);
	m->host = xstrdup(o->host);
	m->log_dir = xstrdup(o->log_dir);
	m->interval_ms = o->interval_ms;
	m->wanted = o->wanted;
	m->units = o->units;
	buf_init(&m->round, ROUND_MAX_BYTES);
	buf_init(&m->push_body, POST_MAX_BYTES * 2);
	batch_queue_init(&m->queue, o->queue_bytes);
	m->timer = loop_timer_new(loop, on_timer, m);
	loop_timer_in(m->timer, 0);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	CHECK_MAGIC(m, METRICS_MAGIC);
	httpm_cancel(m->push);
	while (m->readings) {
		struct reading *r = m->readings;

		m->readings = r->next;
		reading_free(r);
	}
	while (m->log_posts) {
		struct log_post *p = m->log_posts;

		m->log_posts = p->next;
		log_post_free(p);
	}
	batch_queue_done(&m->queue);
	buf_done(&m->round);
	buf_done(&m->push_body);
	loop_timer_free(m->timer);
	free(m->controller);
	free(m->ca_file);
	free(m->cert_file);
	free(m->key_file);
	free(m->host);
	free(m->log_dir);
	free(m->complained);
	m->magic = 0;
	free(m);
}
