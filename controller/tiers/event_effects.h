/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_effects.h - the events that affect a tier, and their effect on its demand.
 *
 * The expected effect of an occurrence is the given one, or is learned from measured ones
 * of its name. When it has ended, it is measured once and stored; from then on the
 * measured effect is used for its time, whatever was expected: the model learns from
 * demand divided by it.
 *
 * Not thread-safe.
 */
#ifndef CONTROLLER_TIERS_EVENT_EFFECTS_H
#define CONTROLLER_TIERS_EVENT_EFFECTS_H

#include "db.h"
#include "stacks.h"
#include "uplift.h"

#include <jansson.h>

#define EVENTS_AHEAD_MS (14 * INT64_C(86400000)) /* what a tier shows */
#define EVENTS_LEARN_FROM_MAX 12                 /* of a name, the newest */

struct tier_event {
	const char *name; /* the list's */
	struct uplift_span span;
	struct uplift u; /* the expected effect */
	bool is_given;
	bool is_measured;
	struct uplift_measure measure; /* if is_measured */
	bool is_tried;                 /* it could not be measured */
};

struct tier_events {
	struct tier_event *v; /* by start; of one name without overlaps */
	size_t n;
	int64_t first_ms; /* start of the known demand when they were tried */
	struct uplift_event *expected; /* [n] the same for predictor/uplift/uplift.h: what
					  is expected ... */
	struct uplift_event *was;      /* ... and what was, where that is measured */
};

/*
 * Reads those of the list that affect the tier, with their stored measures. The list must
 * outlive the object.
 *   was  the object before, read from the same list; NULL: none. What
 *        could not be measured then is not tried again.
 */
int tier_events_read(struct db *db, const struct event_list *l, const char *stack,
		     const char *tier, const struct tier_events *was,
		     struct tier_events **ret, struct err *err) MUST_CHECK;
void tier_events_free(struct tier_events *e);
DEFINE_CLEANUP(struct tier_events *, tier_events_free);

/*
 * Measures events that have ended, have demand and are not measured yet; only the last
 * dozen of each name. About 10 ms each: at until_mono_ms the rest are left for later.
 *   ret_changed  one was measured: read the object again, for all of that name
 *   ret_behind   some are left
 */
int tier_events_measure(struct tier_events *e, struct db *db, const char *stack,
			const char *tier, const struct tz *zone, int64_t now_ms,
			int64_t until_mono_ms, bool *ret_changed, bool *ret_behind,
			struct err *err) MUST_CHECK;

/* NULL, as an e below, is a tier without events. */

/* Divides y [n], the demand of steps from t0_ms on, by the effect of events. */
void tier_events_divide(const struct tier_events *e, int64_t t0_ms, int64_t step_ms,
			double *y, size_t n);

/* A hash of the events' effect within [from, to); 0 when there is none. */
uint64_t tier_events_mark(const struct tier_events *e, int64_t from_ms, int64_t to_ms);

/*
 * For backtests: ret [e->n], by start, with the effects as known at the time. Events that
 * had ended at known_ms have their measured effect, others the given one, or what was
 * learned from those of the name that had ended when they started.
 */
void tier_events_as_known(const struct tier_events *e, int64_t known_ms,
			  struct uplift_event *ret);

/* The largest expected within [from, to). */
struct uplift tier_events_within(const struct tier_events *e, int64_t from_ms,
				 int64_t to_ms);

/* Names of those in force within [from, to), each once: at most max; returns how many. */
size_t tier_events_names(const struct tier_events *e, int64_t from_ms, int64_t to_ms,
			 const char **ret, size_t max);

/* Whether an event of that name has an effect that was given or learned. */
bool tier_events_knows(const struct tier_events *e, const char *name);

/* [{"name","start","end","uplift","low","high","given","learned_from","in_force",
 * "measured"}] of those that touch [from, to). The caller owns it. */
json_t *tier_events_json(const struct tier_events *e, int64_t from_ms, int64_t to_ms,
			 int64_t now_ms);
json_t *tier_event_json(const struct tier_event *o, int64_t now_ms); /* one of them */

#endif
