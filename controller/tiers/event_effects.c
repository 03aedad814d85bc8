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

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS DB_DEMAND_STEP_MS
#define LEARN_FROM_MAX 12 /* of a name, the newest */
#define REACH_MS (UPLIFT_REACH_DAYS * DAY_MS)

void tier_events_free(struct tier_events *e)
{
	if (!e)
		return;
	free(e->v);
	free(e->expected);
	free(e->was);
	free(e);
}

/* ---------------------------------------------------------------- reading */

static int by_name(const void *a, const void *b)
{
	const struct tier_event *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	if (c)
		return c;
	return (x->span.start_ms > y->span.start_ms) -
	       (x->span.start_ms < y->span.start_ms);
}

static int by_start(const void *a, const void *b)
{
	const struct tier_event *x = a, *y = b;

	if (x->span.start_ms != y->span.start_ms)
		return x->span.start_ms < y->span.start_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The list's, one name after the other; what overlaps under one name is one event. */
static void take(struct tier_events *e, const struct event_list *l, const char *tier)
{
	CLEANUP(free) bool *is_ours = xcalloc(l->n_kinds + 1, sizeof(*is_ours));
	CLEANUP(free) struct uplift_named *v = xcalloc(l->n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t k = 0; k < l->n_kinds; k++)
		is_ours[k] = event_kind_is_of(&l->kinds[k], tier);
	for (size_t i = 0; i < l->n; i++) {
		const struct event_occurrence *o = &l->v[i];
		const double u = l->kinds[o->kind].terms.uplift;

		if (is_ours[o->kind])
			v[n++] = (struct uplift_named){
				.name = l->kinds[o->kind].name,
				.span = { o->start_ms, o->end_ms },
				.u = isnan(u) ? uplift_none() : uplift_given(u),
				.is_given = !isnan(u),
			};
	}
	e->n = uplift_join(v, n);
	e->v = xcalloc(e->n + 1, sizeof(*e->v));
	for (size_t i = 0; i < e->n; i++)
		e->v[i] = (struct tier_event){ .name = v[i].name,
					       .span = v[i].span,
					       .u = v[i].u,
					       .is_given = v[i].is_given };
}

/* The same one; e is by name still. NULL: none. */
static struct tier_event *occurrence(struct tier_events *e, const char *name,
				     const struct uplift_span *span)
{
	const struct tier_event key = { .name = name, .span = *span };
	struct tier_event *o =
		e->n ? bsearch(&key, e->v, e->n, sizeof(*e->v), by_name) : NULL;

	return o && o->span.end_ms == span->end_ms ? o : NULL;
}

/* What could not be measured a moment ago cannot be now. */
static void take_tries(struct tier_events *e, const struct tier_events *was)
{
	struct tier_event *o;

	e->first_ms = was->first_ms;
	for (size_t i = 0; i < was->n; i++)
		if (was->v[i].is_tried &&
		    (o = occurrence(e, was->v[i].name, &was->v[i].span)))
			o->is_tried = true;
}

/* A row counts when its event is still announced, or so long ago that none is. */
static void take_measures(struct tier_events *e, const struct event_list *l,
			  struct db_uplift_list *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->n; i++) {
		struct db_uplift *row = &rows->v[i];
		const struct uplift_span span = { row->start_ms, row->end_ms };
		struct tier_event *o = occurrence(e, row->name, &span);

		if (o) {
			o->is_measured = true;
			o->measure = (struct uplift_measure){ row->log_ratio, row->error,
							      (size_t)row->days };
		}
		if (o || row->end_ms <= l->from_ms)
			memcpy(&rows->v[kept++], row, sizeof(*row));
		else
			db_uplift_done(row);
	}
	rows->n = kept;
}

/* From the newest measures of that name. */
static struct uplift learned(const struct db_uplift_list *rows, const char *name)
{
	struct uplift_measure m[LEARN_FROM_MAX];
	size_t n = 0;

	for (size_t i = rows->n; i-- > 0 && n < LEARN_FROM_MAX;)
		if (strcmp(rows->v[i].name, name) == 0)
			m[n++] = (struct uplift_measure){ rows->v[i].log_ratio,
							  rows->v[i].error,
							  (size_t)rows->v[i].days };
	return uplift_learned(m, n);
}

/* By name still: all of one name expect the same. */
static void expect(struct tier_events *e, const struct db_uplift_list *rows)
{
	struct uplift u = uplift_none();

	for (size_t i = 0; i < e->n; i++) {
		if (i == 0 || strcmp(e->v[i].name, e->v[i - 1].name) != 0)
			u = learned(rows, e->v[i].name);
		if (!e->v[i].is_given)
			e->v[i].u = u;
	}
}

static void fill_spans(struct tier_events *e)
{
	e->expected = xcalloc(e->n + 1, sizeof(*e->expected));
	e->was = xcalloc(e->n + 1, sizeof(*e->was));
	for (size_t i = 0; i < e->n; i++) {
		const struct tier_event *o = &e->v[i];

		e->expected[i] = (struct uplift_event){ o->span, o->u };
		e->was[i] = e->expected[i];
		if (o->is_measured)
			e->was[i].u = uplift_given(exp(o->measure.log_ratio));
	}
}

int tier_events_read(struct db *db, const struct event_list *l, const char *stack,
		     const char *tier, const struct tier_events *was,
		     struct tier_events **ret, struct err *err)
{
	CLEANUP(tier_events_free) struct tier_events *e = xcalloc(1, sizeof(*e));
	CLEANUP(db_uplift_list_done) struct db_uplift_list rows = { NULL, 0 };
	int rc;

	take(e, l, tier);
	if (e->n) {
		rc = db_uplift_list(db, stack, tier, &rows, err);
		if (rc < 0)
			return rc;
		take_measures(e, l, &rows);
		expect(e, &rows);
		if (was)
			take_tries(e, was);
		qsort(e->v, e->n, sizeof(*e->v), by_start);
	}
	fill_spans(e);
	*ret = TAKE(e);
	return 0;
}

/* ---------------------------------------------------------------- measuring */

/* The newest that can be measured now; NULL. */
static struct tier_event *due(const struct tier_events *e, int64_t first_ms,
			      int64_t now_ms)
{
	for (size_t i = e->n; i-- > 0;) {
		struct tier_event *o = &e->v[i];
		size_t newer = 0;

		if (o->span.end_ms + MINUTE_MS > now_ms || o->is_measured ||
		    o->is_tried || o->span.start_ms < first_ms)
			continue;
		for (size_t k = i + 1; k < e->n && newer < LEARN_FROM_MAX; k++)
			newer += e->v[k].span.end_ms <= now_ms &&
				 strcmp(e->v[k].name, o->name) == 0;
		if (newer < LEARN_FROM_MAX)
			return o;
	}
	return NULL;
}

static int read_series(struct db *db, const char *stack, const char *tier,
		       const struct uplift_span *of, int64_t now_ms, double **ret_y,
		       struct uplift_series *ret, struct err *err)
{
	const int64_t from_ms = (of->start_ms - REACH_MS) / MINUTE_MS * MINUTE_MS;
	const int64_t to_ms = MIN(of->end_ms + REACH_MS, now_ms) / MINUTE_MS * MINUTE_MS;

	ret->t0_ms = from_ms;
	ret->step_ms = MINUTE_MS;
	ret->n = (size_t)((to_ms - from_ms) / MINUTE_MS);
	*ret_y = xcalloc(ret->n + 1, sizeof(**ret_y));
	ret->y = *ret_y;
	return db_demand_range(db, stack, tier, from_ms, *ret_y, ret->n, err);
}

static int measure(const struct tier_events *e, struct db *db, const char *stack,
		   const char *tier, const struct tz *zone, int64_t now_ms,
		   const struct tier_event *o, struct uplift_measure *ret,
		   struct err *err)
{
	CLEANUP(free) struct uplift_span *all = xcalloc(e->n + 1, sizeof(*all));
	CLEANUP(free) double *y = NULL;
	struct uplift_series s = { .zone = zone };
	int rc = read_series(db, stack, tier, &o->span, now_ms, &y, &s, err);

	for (size_t i = 0; i < e->n; i++)
		all[i] = e->v[i].span;
	return rc < 0 ? rc : uplift_measure(&s, &o->span, all, e->n, ret, err);
}

static int keep(struct db *db, const char *stack, const char *tier, int64_t now_ms,
		const struct tier_event *o, struct err *err)
{
	return db_uplift_put(db,
			     &(struct db_uplift){
				     .stack = (char *)(uintptr_t)stack,
				     .tier = (char *)(uintptr_t)tier,
				     .name = (char *)(uintptr_t)o->name,
				     .start_ms = o->span.start_ms,
				     .end_ms = o->span.end_ms,
				     .log_ratio = o->measure.log_ratio,
				     .error = o->measure.error,
				     .days = (int64_t)o->measure.days,
				     .measured_ms = now_ms,
			     },
			     err);
}

/* History was put in: what could not be measured may be now. */
static void retry(struct tier_events *e, int64_t first_ms)
{
	e->first_ms = first_ms;
	for (size_t i = 0; i < e->n; i++)
		e->v[i].is_tried = false;
}

int tier_events_measure(struct tier_events *e, struct db *db, const char *stack,
			const char *tier, const struct tz *zone, int64_t now_ms,
			int64_t until_mono_ms, bool *ret_changed, bool *ret_behind,
			struct err *err)
{
	int64_t first_ms = 0, last_ms = 0;
	struct tier_event *o;
	int rc = db_demand_span(db, stack, tier, &first_ms, &last_ms, err);

	*ret_changed = *ret_behind = false;
	if (rc == 0 && (!e->first_ms || first_ms < e->first_ms))
		retry(e, first_ms);
	while (rc == 0 && first_ms && (o = due(e, first_ms, now_ms))) {
		if (clock_mono_ms() >= until_mono_ms) {
			*ret_behind = true;
			return 0;
		}
		rc = measure(e, db, stack, tier, zone, now_ms, o, &o->measure, err);
		o->is_measured = rc == 0;
		o->is_tried = rc == ERR_NOT_FOUND;
		if (rc == 0)
			rc = keep(db, stack, tier, now_ms, o, err);
		else if (o->is_tried)
			rc = 0;
		*ret_changed = *ret_changed || o->is_measured;
	}
	return rc;
}

/* ---------------------------------------------------------------- using */

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

/* From the newest of the name that were measured and over when the i-th began. */
static struct uplift learned_before(const struct tier_events *e, size_t i)
{
	struct uplift_measure m[LEARN_FROM_MAX];
	size_t n = 0;

	for (size_t k = i; k-- > 0 && n < LEARN_FROM_MAX;)
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
