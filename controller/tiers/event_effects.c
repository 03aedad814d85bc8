/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "event_effects.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "samples.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tier_events_free(struct tier_events *e)
{
	if (!e)
		return;
	free(e->v);
	free(e->expected);
	free(e->was);
	free(e);
}

static bool touches(const struct uplift_span *s, int64_t from_ms, int64_t to_ms)
{
	return s->end_ms > from_ms && s->start_ms < to_ms;
}

void tier_events_divide(const struct tier_events *e, int64_t t0_ms, int64_t step_ms,
			double *y, size_t n)
{
	CLEANUP(free) double *u = NULL;

	if (!e || !e->n || !n)
		return;
	u = xcalloc(n, sizeof(*u));
	uplift_factors(e->was, e->n, t0_ms, step_ms, u, n);
	for (size_t i = 0; i < n; i++)
		y[i] /= u[i];
}

uint64_t tier_events_mark(const struct tier_events *e, int64_t from_ms, int64_t to_ms)
{
	uint64_t h = FNV_START;
	size_t n = 0;

	for (size_t i = 0; e && i < e->n && e->was[i].span.start_ms < to_ms; i++) {
		const struct uplift_event *w = &e->was[i];

		if (!touches(&w->span, from_ms, to_ms) || w->u.mid == 1)
			continue;
		h = fnv(h, &w->span.start_ms, sizeof(w->span.start_ms));
		h = fnv(h, &w->span.end_ms, sizeof(w->span.end_ms));
		h = fnv(h, &w->u.mid, sizeof(w->u.mid));
		n++;
	}
	return n ? h : 0;
}

/* From the newest of the name that had ended, and are measured, when the i-th started. */
static struct uplift learned_before(const struct tier_events *e, size_t i)
{
	struct uplift_measure m[EVENTS_LEARN_FROM_MAX];
	size_t n = 0;

	for (size_t k = i; k-- > 0 && n < EVENTS_LEARN_FROM_MAX;)
		if (e->v[k].is_measured && e->v[k].span.end_ms <= e->v[i].span.start_ms &&
		    strcmp(e->v[k].name, e->v[i].name) == 0)
			m[n++] = e->v[k].measure;
	return uplift_learned(m, n);
}

void tier_events_as_known(const struct tier_events *e, int64_t known_ms,
			  struct uplift_event *ret)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct tier_event *o = &e->v[i];

		ret[i].span = o->span;
		if (o->is_measured && o->span.end_ms <= known_ms)
			ret[i].u = uplift_given(exp(o->measure.log_ratio));
		else
			ret[i].u = o->is_given ? o->u : learned_before(e, i);
	}
}

struct uplift tier_events_within(const struct tier_events *e, int64_t from_ms,
				 int64_t to_ms)
{
	return e && e->n ? uplift_within(e->expected, e->n, from_ms, to_ms)
			 : uplift_none();
}

size_t tier_events_names(const struct tier_events *e, int64_t from_ms, int64_t to_ms,
			 const char **ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; e && i < e->n && n < max; i++) {
		bool is_out = !touches(&e->v[i].span, from_ms, to_ms);

		for (size_t k = 0; k < n && !is_out; k++)
			is_out = strcmp(ret[k], e->v[i].name) == 0;
		if (!is_out)
			ret[n++] = e->v[i].name;
	}
	return n;
}

static bool is_known(const struct tier_event *o)
{
	return o->is_given || o->u.n > 0;
}

bool tier_events_knows(const struct tier_events *e, const char *name)
{
	for (size_t i = 0; e && i < e->n; i++)
		if (strcmp(e->v[i].name, name) == 0 && is_known(&e->v[i]))
			return true;
	return false;
}

json_t *tier_event_json(const struct tier_event *o, int64_t now_ms)
{
	const bool known = is_known(o);
	json_t *doc = json_pack(
		"{s:s, s:o, s:o, s:b, s:I, s:b}", "name", o->name, "start",
		json_time(o->span.start_ms), "end", json_time(o->span.end_ms), "given",
		o->is_given, "learned_from", (json_int_t)(o->is_given ? 0 : o->u.n),
		"in_force", now_ms >= o->span.start_ms && now_ms < o->span.end_ms);

	CHECK(doc);
	json_object_set_new(doc, "uplift", known ? json_finite(o->u.mid) : json_null());
	json_object_set_new(doc, "low", known ? json_finite(o->u.low) : json_null());
	json_object_set_new(doc, "high", known ? json_finite(o->u.high) : json_null());
	json_object_set_new(doc, "measured",
			    o->is_measured ? json_finite(exp(o->measure.log_ratio))
					   : json_null());
	return doc;
}

json_t *tier_events_json(const struct tier_events *e, int64_t from_ms, int64_t to_ms,
			 int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; e && i < e->n; i++)
		if (touches(&e->v[i].span, from_ms, to_ms))
			json_array_append_new(list, tier_event_json(&e->v[i], now_ms));
	return list;
}
