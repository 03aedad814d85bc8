/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * past.h - the past of a tier that policies are simulated on.
 */
#ifndef PREDICTOR_JUDGE_PAST_H
#define PREDICTOR_JUDGE_PAST_H

#include "check.h"
#include "judge.h"

#include <math.h>

struct past {
	const struct judge_question *q;
	const double *y;              /* [from + n] without gaps */
	const double *plain;          /* [from + n] the same without what events do */
	struct policy_events *events; /* [n] what they do ahead; NULL: no events */
	size_t from, n;
	struct fleet_terms terms; /* with the capacity of the settings */
	size_t day;
	double done, work;
};

static inline void past_progress(struct past *p, double work)
{
	p->done += work;
	if (p->q->progress)
		p->q->progress(p->q->arg, fmin(p->done / p->work, 1));
}

/* In force from the end of step i on. */
static inline const struct policy_bounds *past_bounds(const struct past *p, size_t i)
{
	return p->q->bounds ? &p->q->bounds[i] : NULL;
}

/* Of an instance, as it was known in step i. */
static inline double past_capacity(const struct past *p, size_t i)
{
	return p->q->capacity ? p->q->capacity[i] : p->q->settings.capacity;
}

/* Of n instances those that there is room for. */
static inline size_t past_room(const struct past *p, size_t i, size_t n)
{
	const int64_t room = p->q->bounds ? p->q->bounds[i].budget : -1;

	return room >= 0 ? MIN(n, (size_t)room) : n;
}

/* n instances in step i, or what is allowed then. */
static inline size_t past_within(const struct past *p, size_t i, size_t n)
{
	int64_t least, most;

	policy_allowed(&p->q->settings, past_bounds(p, i), &least, &most);
	n = MAX(n, (size_t)MAX(least, INT64_C(0)));
	return most >= 0 ? MIN(n, (size_t)most) : n;
}

/* What the demand of step i needs. */
static inline size_t past_need(const struct past *p, size_t i)
{
	return fleet_need(p->y[i], past_capacity(p, i));
}

/* Whether the bounds keep step i short under any policy. */
static inline bool past_is_kept_short(const struct past *p, size_t i)
{
	const size_t need = past_need(p, i);

	return past_within(p, i, need) < need;
}

/* Instances that run in step `from`: those that there were at the start of what is
 * simulated, or what the step before needed. */
static inline size_t past_running(const struct past *p, size_t from)
{
	const bool is_known = p->q->running > 0 && from == p->from;

	return past_within(p, from - 1,
			   is_known ? p->q->running : past_need(p, from - 1));
}

#endif
