/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_read.c - reads the events of a tier: from the list of its stack, with what was
 * measured of earlier ones.
 */
#include "event_effects.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* From the list, by name; overlapping occurrences of one name are one event. */
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

/* The same occurrence; e is still sorted by name. NULL: none. */
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

/* A row is used when its event is still announced, or older than the list. */
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
	struct uplift_measure m[EVENTS_LEARN_FROM_MAX];
	size_t n = 0;

	for (size_t i = rows->n; i-- > 0 && n < EVENTS_LEARN_FROM_MAX;)
		if (strcmp(rows->v[i].name, name) == 0)
			m[n++] = (struct uplift_measure){ rows->v[i].log_ratio,
							  rows->v[i].error,
							  (size_t)rows->v[i].days };
	return uplift_learned(m, n);
}

/* Still sorted by name: all of one name expect the same. */
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
