/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_measure.c - measures the effect of an event on demand, once it has ended.
 */
#include "event_effects.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS DB_DEMAND_STEP_MS
#define REACH_MS (UPLIFT_REACH_DAYS * DAY_MS)

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
		for (size_t k = i + 1; k < e->n && newer < EVENTS_LEARN_FROM_MAX; k++)
			newer += e->v[k].span.end_ms <= now_ms &&
				 strcmp(e->v[k].name, o->name) == 0;
		if (newer < EVENTS_LEARN_FROM_MAX)
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

/* History was imported: what could not be measured may be now. */
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
