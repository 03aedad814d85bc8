/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "complaints.h"
#include "log.h"
#include "logs.h"
#include "post.h"
#include "push.h"
#include "samples.h"
#include "scrape.h"
#include "text.h"
#include "unitfile.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define METRICS_MAGIC 0x6d657472u
#define ROUND_MAX_BYTES (1u << 20)
#define SCRAPE_MS 2000
#define INTERVAL_LEAST_MS 100

struct reading;

struct metrics {
	uint32_t magic;
	struct loop *loop;
	struct httpm *sources;
	char *host;
	int64_t interval_ms;
	const struct wanted *wanted;
	const struct units *units;
	struct post post;
	struct logs logs;
	struct push push;
	struct loop_timer *timer;
	struct buf round; /* samples */
	int64_t round_at_ms;
	struct reading *readings;
	struct complaints complaints;
};

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
	struct err bad; /* of the first sample that was left out; code 0: none was */
};

/* ---------------------------------------------------------------- a round */

static void add_of_host(void *arg, const char *name, const struct collect_label *labels,
			bool counter, double value)
{
	struct metrics *m = arg;
	struct sample_source source = { .host = m->host };

	CHECK_MAGIC(m, METRICS_MAGIC);
	(void)sample_add(&m->round, &source, m->round_at_ms, name, labels, counter,
			 value);
}

static void complain(struct metrics *m, const struct reading *r, const struct err *err)
{
	if (complaint_is_new(&m->complaints, r->unit, r->index, err->msg))
		log_warn("metrics-source-failed", STR("unit", r->unit), ERR(err));
}

static void add_of_unit(void *arg, const char *name, const struct collect_label *labels,
			bool counter, double value)
{
	struct reading *r = arg;
	struct sample_source source;

	CHECK_MAGIC(r, METRICS_MAGIC);
	source = (struct sample_source){ r->m->host, r->stack, r->tier, r->unit };
	if (!sample_add(&r->m->round, &source, r->at_ms, name, labels, counter, value) &&
	    !r->bad.code) {
		(void)err_set(&r->bad, ERR_PROTO,
			      "a sample of %s is left out: it is not UTF-8, or has a "
			      "label twice",
			      name);
		utf8_mend(r->bad.msg);
	}
}

static void end_round(struct metrics *m)
{
	if (!m->round.len)
		return;
	if (buf_is_full(&m->round))
		log_warn("metrics-round-too-large", INT("max_bytes", ROUND_MAX_BYTES));
	else
		batch_queue_push(&m->push.queue, m->round.data, m->round.len);
	buf_done(&m->round);
	push_send(&m->push);
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

static void on_scraped(void *arg, const struct err *err)
{
	struct reading *r = arg;
	struct metrics *m = r->m;
	struct reading **p = &m->readings;

	CHECK_MAGIC(r, METRICS_MAGIC);
	r->scrape = NULL;
	/* One of both a round: they would follow each other for ever. */
	if (err || r->bad.code)
		complain(m, r, err ? err : &r->bad);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	reading_free(r);
	if (!m->readings)
		end_round(m);
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
		struct collect_sink to = { add_of_unit, r };
		struct err e;

		if (read_sources(m, u, &r->sources, &e) < 0) {
			complain(m, r, &e);
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
		r->scrape = scrape_start(m->loop, m->sources, &r->sources.v[i], &to,
					 SCRAPE_MS, on_scraped, r);
	}
}

static void add_unit(struct metrics *m, const struct wanted_unit *u)
{
	struct reading *labels = reading_new(m, u);
	struct collect_sink to = { add_of_unit, labels };
	double cpu = units_cpu_seconds(m->units, u->name);
	struct unit_status s;

	to.add(to.arg, "unit_up", NULL, false, u->up);
	if (units_get(m->units, u->name, &s))
		to.add(to.arg, "unit_restarts_total", NULL, true, (double)s.restarts);
	if (cpu >= 0)
		to.add(to.arg, "unit_cpu_seconds_total", NULL, true, cpu);
	reading_free(labels);
}

static bool is_wanted(void *arg, const char *unit)
{
	const struct metrics *m = arg;
	struct wanted_unit u;

	for (size_t i = 0; wanted_at(m->wanted, i, &u); i++)
		if (strcmp(u.name, unit) == 0)
			return true;
	return false;
}

static void on_timer(void *arg)
{
	struct metrics *m = arg;
	struct collect_sink to = { add_of_host, m };
	struct wanted_unit u;

	CHECK_MAGIC(m, METRICS_MAGIC);
	loop_timer_in(m->timer, MAX(clock_real_ms(m->interval_ms), INTERVAL_LEAST_MS));
	if (m->readings) /* a slow source: send what is there, it joins the next round */
		end_round(m);
	complaints_keep(&m->complaints, is_wanted, m);
	buf_init(&m->round, ROUND_MAX_BYTES);
	m->round_at_ms = clock_now_ms();
	collect_host(&to);
	to.add(to.arg, "agent_loop_pause_seconds_max", NULL, false,
	       (double)loop_longest_us(m->loop) / 1e6);
	for (size_t i = 0; wanted_at(m->wanted, i, &u); i++) {
		bool busy = false;

		for (const struct reading *r = m->readings; r; r = r->next)
			busy |= strcmp(r->unit, u.name) == 0;
		add_unit(m, &u);
		/* A unit that has not passed a check yet would only cause warnings. */
		if (u.up && u.health != HEALTH_STARTING && u.text && !busy)
			scrape_unit(m, &u);
	}
	if (!m->readings)
		end_round(m);
}

/* ---------------------------------------------------------------- the object */

struct metrics *metrics_new(struct loop *loop, struct httpm *controller,
			    struct httpm *sources, const struct metrics_opts *o)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->magic = METRICS_MAGIC;
	m->loop = loop;
	m->sources = sources;
	m->post = (struct post){ .http = controller,
				 .controller = xstrdup(o->controller),
				 .ca_file = xstrdup(o->ca_file),
				 .cert_file = xstrdup(o->cert_file),
				 .key_file = xstrdup(o->key_file) };
	m->logs = (struct logs){ .loop = loop,
				 .post = &m->post,
				 .units = o->units,
				 .dir = xstrdup(o->log_dir) };
	m->push = (struct push){ .post = &m->post,
				 .logs = &m->logs,
				 .host = xstrdup(o->host),
				 .address = xstrdup(o->address) };
	push_init(&m->push, o->queue_bytes);
	m->host = xstrdup(o->host);
	m->interval_ms = o->interval_ms;
	m->wanted = o->wanted;
	m->units = o->units;
	buf_init(&m->round, ROUND_MAX_BYTES);
	m->timer = loop_timer_new(loop, on_timer, m);
	loop_timer_in(m->timer, 0);
	return m;
}

void metrics_held(struct metrics *m, int64_t ms, const char *what)
{
	CHECK_MAGIC(m, METRICS_MAGIC);
	push_held(&m->push, ms, what);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	CHECK_MAGIC(m, METRICS_MAGIC);
	push_done(&m->push);
	while (m->readings) {
		struct reading *r = m->readings;

		m->readings = r->next;
		reading_free(r);
	}
	logs_done(&m->logs);
	post_done(&m->post);
	buf_done(&m->round);
	loop_timer_free(m->timer);
	free(m->host);
	complaints_done(&m->complaints);
	m->magic = 0;
	free(m);
}
