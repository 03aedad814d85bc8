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
	if (in->capacity > 0 && decide_is_fresh(in)) {
		d->reactive = instances_for(in->demand, in->capacity * share);
		stage(d, "reactive", d->reactive);
	}
	if (in->capacity > 0 && decide_has_forecast(in)) {
		d->predictive = instances_for(in->forecast_high, in->capacity);
		stage(d, "predictive", d->predictive);
	}
	d->plan->needed = MAX(d->reactive, d->predictive);
}

void need_remember(struct deciding *d)
{
	const struct decide_input *in = d->in;
	struct decide_window *upper = &d->state->upper;
	bool is_usable =
		d->in_block == DECIDE_BY_NOTHING || d->in_block == DECIDE_BY_STATEFUL;

	if (d->plan->needed >= 0)
		decide_window_note(&d->state->needed, in->now_ms, d->plan->needed);
	d->plan->held = decide_window_largest(&d->state->needed, in->now_ms, in->lead_ms);
	if (!is_usable || in->now_ms - upper->last_ms > in->stale_after_ms)
		decide_window_clear(upper);
	d->plan->in_need = -1;
	if (is_usable) {
		int64_t n = instances_for(MAX(in->forecast_high_dwell, 0), in->capacity);

		d->plan->in_need = MAX(n, d->plan->needed);
		decide_window_note(upper, in->now_ms, d->plan->in_need);
	}
	if (d->plan->held >= 0)
		stage(d, "boot-hold", d->plan->held);
}
