/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "instances_needed.h"

#include "input.h"

#include <math.h>

#define INSTANCES_MAX 1000000

static int64_t instances_for(double demand, double capacity)
{
	double n = ceil(demand / capacity - 1e-9);

	return n > INSTANCES_MAX ? INSTANCES_MAX : (int64_t)n;
}

void need_find(struct deciding *d)
{
	const struct decide_input *in = d->in;
	double share = in->target_utilisation > 0 ? in->target_utilisation : 1;

	d->reactive = d->predictive = d->plan->needed = -1;
	if (in->capacity > 0 && decide_is_fresh(in) && isfinite(in->demand_sure)) {
		d->reactive = instances_for(in->demand_sure, in->capacity * share);
		stage(d, "reactive", d->reactive);
	}
	if (in->capacity > 0 && decide_has_forecast(in)) {
		d->predictive = in->forecast_need > 0
					? MIN(in->forecast_need, (int64_t)INSTANCES_MAX)
					: instances_for(in->forecast_high, in->capacity);
		stage(d, "predictive", d->predictive);
	}
	d->plan->sure = d->reactive;
	d->plan->needed = MAX(d->reactive, d->predictive);
}

/* Needs are noted at the time of the forecast, so that deciding again on the same one
 * changes nothing. */
static int64_t noted_at(const struct decide_input *in)
{
	return decide_has_forecast(in) ? in->forecast_at_ms : in->now_ms;
}

void need_remember(struct deciding *d)
{
	const struct decide_input *in = d->in;
	struct decide_window *w = &d->state->needed;
	const int64_t at_ms = noted_at(in);
	bool is_usable =
		d->in_block == DECIDE_BY_NOTHING || d->in_block == DECIDE_BY_STATEFUL;

	/* A clock that was set back must not hold for as long as that. */
	if (at_ms < w->last_ms - in->stale_after_ms)
		decide_window_move(w, at_ms - w->last_ms);
	if (!is_usable || at_ms - w->last_ms > in->stale_after_ms)
		decide_window_clear(w);
	if (d->plan->needed >= 0)
		decide_window_note(w, at_ms, d->plan->needed);
	d->plan->held = decide_window_largest(w, at_ms, decide_dwell(in));
	d->is_dwelling = at_ms - w->since_ms < in->dwell_ms;
	if (d->plan->held >= 0)
		stage(d, "dwell", d->plan->held);
}
