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
	const double *y;              /* [from + n] without gaps */
	const double *plain;          /* [from + n] the same without what events do */
	struct policy_events *events; /* [n] what they do ahead; NULL: no events */
	size_t from, n;
	int64_t t0_ms, step_ms;
	const struct policy_settings *settings;
	size_t lead, billing; /* steps */
	size_t day;
	judge_progress_fn *progress;
	void *arg;
	double done, work;
};

static inline void past_progress(struct past *p, double work)
{
	p->done += work;
	if (p->progress)
		p->progress(p->arg, fmin(p->done / p->work, 1));
}

/* Instances that run in step `from`. */
static inline size_t past_running(const struct past *p, size_t from)
{
	return fleet_need(p->y[from - 1], p->settings->capacity);
}

#endif
