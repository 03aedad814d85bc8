/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

#include "calendar.h"
#include "check.h"
#include "clock.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void file_events_done(struct file_events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].name);
	free(e->v);
	free(e->expected);
	free(e->was);
	tz_free(e->zone);
	*e = (struct file_events){ 0 };
}

/* ---------------------------------------------------------------- reading */

static int by_start(const void *a, const void *b)
{
	const struct file_event *x = a, *y = b;

	if (x->span.start_ms != y->span.start_ms)
		return x->span.start_ms < y->span.start_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int take(const char *path, const struct ical *c, struct file_events *e,
		struct err *err)
{
	CLEANUP(free) struct uplift_named *v = xcalloc(c->n + 1, sizeof(*v));

	for (size_t i = 0; i < c->n; i++) {
		const struct ical_source *s = &c->sources[c->v[i].source];
		double u = NAN;
		int rc = s->extra[0] ? uplift_parse(s->extra[0], &u, err) : 0;

		if (rc < 0)
			return err_wrap(err, rc, "%s:%d", path, s->line);
		v[i] = (struct uplift_named){
			.name = s->name,
			.span = { c->v[i].start_ms, c->v[i].end_ms },
			.u = isnan(u) ? uplift_none() : uplift_given(u),
			.is_given = !isnan(u),
		};
	}
	e->n = uplift_join(v, c->n);
	e->v = xcalloc(e->n + 1, sizeof(*e->v));
	for (size_t i = 0; i < e->n; i++)
		e->v[i] = (struct file_event){ xstrdup(v[i].name), v[i].span, v[i].u,
					       v[i].is_given };
	qsort(e->v, e->n, sizeof(*e->v), by_start);
	return 0;
}

static int read_file(const char *path, const struct series *s, int64_t to_ms,
		     struct file_events *e, struct err *err)
{
	const struct ical_opts o = { .what = path,
				     .zone = e->zone,
				     .from_ms = s->t0_ms,
				     .to_ms = to_ms,
				     .keys = { "X-FORETIDE-UPLIFT" } };
	CLEANUP(free) char *text = NULL;
	CLEANUP(ical_done) struct ical c = { 0 };
	size_t len;
	int rc = conf_read_file(path, ICAL_TEXT_MAX, &text, &len, err);

	if (rc == 0 && strlen(text) != len)
		rc = err_set(err, ERR_INVAL, "%s: holds a NUL byte", path);
	if (rc == 0)
		rc = ical_read(text, &o, &c, err);
	return rc == 0 ? take(path, &c, e, err) : rc;
}

/* ---------------------------------------------------------------- learning */

/* The effect of event i, measured on the series before until_ms. */
static bool measure(const struct file_events *e, const struct series *s, size_t i,
		    const struct uplift_span *all, int64_t until_ms,
		    struct uplift_measure *ret)
{
	struct uplift_series known = { s->y, s->n, s->t0_ms, s->step_ms, e->zone };

	if (until_ms < s->t0_ms)
		return false;
	known.n = MIN(s->n, (size_t)((until_ms - s->t0_ms) / s->step_ms));
	return uplift_measure(&known, &e->v[i].span, all, e->n, ret, NULL) == 0;
}

/* From those of its name that were over when it began. */
static struct uplift expected(const struct file_events *e, const struct series *s,
			      size_t i, const struct uplift_span *all)
{
	CLEANUP(free) struct uplift_measure *m = xcalloc(i + 1, sizeof(*m));
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		if (strcmp(e->v[k].name, e->v[i].name) == 0)
			n += measure(e, s, k, all, e->v[i].span.start_ms, m + n);
	return uplift_learned(m, n);
}

static void learn(struct file_events *e, const struct series *s, int64_t known_ms)
{
	CLEANUP(free) struct uplift_span *all = xcalloc(e->n + 1, sizeof(*all));
	struct uplift_measure m;

	e->expected = xcalloc(e->n + 1, sizeof(*e->expected));
	e->was = xcalloc(e->n + 1, sizeof(*e->was));
	for (size_t i = 0; i < e->n; i++)
		all[i] = e->v[i].span;
	for (size_t i = 0; i < e->n; i++) {
		struct file_event *v = &e->v[i];

		if (!v->is_given)
			v->u = expected(e, s, i, all);
		e->expected[i] = (struct uplift_event){ v->span, v->u };
		e->was[i] = e->expected[i];
		if (measure(e, s, i, all, known_ms, &m))
			e->was[i].u = uplift_given(exp(m.log_ratio));
	}
}

int file_events_read(const char *path, const char *zone, const struct series *s,
		     int64_t known_ms, int64_t to_ms, struct file_events *ret,
		     struct err *err)
{
	CLEANUP(file_events_done) struct file_events e = { 0 };
	int rc = tz_open(zone, &e.zone, err);

	if (rc == 0 && path)
		rc = read_file(path, s, to_ms, &e, err);
	if (rc < 0)
		return rc;
	learn(&e, s, known_ms);
	*ret = e;
	e = (struct file_events){ 0 };
	return 0;
}

/* ---------------------------------------------------------------- printing */

static void print_one(const struct file_event *v)
{
	char start[CLOCK_TEXT], end[CLOCK_TEXT];

	printf("event %s, %s to %s: ", v->name, clock_format(v->span.start_ms, start),
	       clock_format(v->span.end_ms, end));
	if (v->is_given)
		printf("demand times %.3g, as given\n", v->u.mid);
	else if (v->u.n)
		printf("demand times %.3g (%.3g to %.3g), learned from %zu past "
		       "event%s\n",
		       v->u.mid, v->u.low, v->u.high, v->u.n, v->u.n > 1 ? "s" : "");
	else
		puts("ignored, its effect is not known");
}

void file_events_print(const struct file_events *e, int64_t from_ms)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].span.end_ms > from_ms)
			print_one(&e->v[i]);
}

static json_t *one_json(const struct file_event *v)
{
	const double unknown = v->is_given || v->u.n ? 0 : NAN;

	return json_pack("{s:s, s:o, s:o, s:b, s:I, s:o, s:o, s:o}", "name", v->name,
			 "start", json_time(v->span.start_ms), "end",
			 json_time(v->span.end_ms), "given", v->is_given, "learned_from",
			 (json_int_t)(v->is_given ? 0 : v->u.n), "uplift",
			 json_finite(v->u.mid + unknown), "low",
			 json_finite(v->u.low + unknown), "high",
			 json_finite(v->u.high + unknown));
}

json_t *file_events_json(const struct file_events *e, int64_t from_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].span.end_ms > from_ms)
			json_array_append_new(list, one_json(&e->v[i]));
	return list;
}
