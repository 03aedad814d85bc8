/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide.h"

#include "bounds.h"
#include "deciding.h"
#include "input.h"
#include "instances_needed.h"
#include "sentence.h"

#include <math.h>

/* Why it must not scale in; BY_NOTHING: it may. */
static enum decide_binding find_in_block(const struct decide_input *in)
{
	if (in->capacity <= 0)
		return DECIDE_BY_NO_CAPACITY;
	if (!decide_is_measured(in))
		return DECIDE_BY_NO_DATA;
	if (!decide_is_fresh(in))
		return DECIDE_BY_STALE_DATA;
	if (in->distrust)
		return DECIDE_BY_DISTRUST;
	if (!decide_has_forecast(in) || !isfinite(in->forecast_high_dwell))
		return DECIDE_BY_NO_FORECAST;
	return in->stateful ? DECIDE_BY_STATEFUL : DECIDE_BY_NOTHING;
}

static int64_t limit_out(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	/* A failing instance is not starting: it does not count against the limit. */
	int64_t at_once = d->plan->from + MAX(in->step_out_max - in->starting, 0);
	int64_t budget = MAX(d->plan->from, in->budget);

	if (in->step_out_max > 0 && value > at_once) {
		value = at_once;
		d->plan->would_binding = DECIDE_BY_STEP_OUT;
		stage(d, "step-out", value);
	}
	if (in->budget >= 0 && value > budget) {
		value = budget;
		d->plan->would_binding = DECIDE_BY_BUDGET;
		stage(d, "budget", value);
	}
	return value;
}

static int64_t scale_out(struct deciding *d)
{
	bool is_forecast = d->predictive >= d->reactive;

	d->plan->cause = d->plan->held > d->plan->needed ? DECIDE_HELD
			 : is_forecast                   ? DECIDE_FORECAST
							 : DECIDE_REACTIVE;
	d->plan->would_binding = d->plan->held > d->plan->needed ? DECIDE_BY_BOOT_HOLD
				 : is_forecast                   ? DECIDE_BY_FORECAST
								 : DECIDE_BY_DEMAND;
	return limit_out(d, d->plan->held);
}

static int64_t limit_in(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	struct decide_state *s = d->state;
	int64_t left;

	if (in->step_in_max <= 0)
		return value;
	if (in->now_ms - s->in_since_ms >= in->dwell_ms)
		s->in_count = 0;
	left = MAX(in->step_in_max - s->in_count, 0);
	if (value >= d->plan->from - left)
		return value;
	stage(d, "step-in", d->plan->from - left);
	if (left == 0)
		return keep(d, DECIDE_BY_STEP_IN);
	d->plan->would_binding = DECIDE_BY_STEP_IN;
	return d->plan->from - left;
}

static int64_t scale_in(struct deciding *d)
{
	const struct decide_input *in = d->in;
	struct decide_window *upper = &d->state->upper;
	int64_t from = d->plan->from;
	int64_t value;

	if (MAX(d->plan->held, d->lower) >= from) {
		d->plan->would_binding =
			in->floor > in->min ? DECIDE_BY_FLOOR : DECIDE_BY_MIN;
		return from;
	}
	if (d->in_block != DECIDE_BY_NOTHING)
		return keep(d, d->in_block);
	value = MAX(decide_window_largest(upper, in->now_ms, in->dwell_ms),
		    d->plan->held);
	stage(d, "dwell", value);
	d->plan->in_wait_ms = MAX(in->dwell_ms - (in->now_ms - upper->since_ms), 0);
	if (d->plan->in_wait_ms > 0 || value >= from)
		return keep(d, DECIDE_BY_DWELL);
	d->plan->cause = DECIDE_FELL;
	d->plan->would_binding = DECIDE_BY_FORECAST;
	return limit_in(d, value);
}

/* What demand and forecast need, within the limits of one step. */
static int64_t follow_demand(struct deciding *d)
{
	if (d->plan->held < 0)
		return keep(d, d->in_block);
	if (d->plan->held > d->plan->from)
		return scale_out(d);
	return d->plan->held < d->plan->from ? scale_in(d) : d->plan->from;
}

/* In observe only the operator's own bounds are obeyed. */
static int64_t observe(const struct deciding *d)
{
	const struct decide_input *in = d->in;
	int64_t value =
		MAX(d->plan->from, in->max >= 0 ? MIN(in->min, in->max) : in->min);

	if (in->max >= 0 && value > in->max && bounds_may_lower(d, true))
		value = in->max;
	return value;
}

static void apply_mode(struct deciding *d)
{
	struct decide_plan *p = d->plan;

	p->desired = p->would;
	p->binding = p->would_binding;
	if (d->in->mode == DECIDE_OBSERVE)
		p->desired = observe(d);
	else if (d->in->mode == DECIDE_OUT)
		p->desired = MAX(p->would, p->from);
	if (p->desired != p->would) {
		p->binding = DECIDE_BY_MODE;
		stage(d, "mode", p->desired);
	}
	if (d->in->hold_owner) {
		p->desired = p->from;
		p->binding = DECIDE_BY_HOLD;
		stage(d, "hold", p->desired);
	}
}

/* Removed instances count against the step limit of this dwell. */
static void count_in(struct deciding *d)
{
	struct decide_state *s = d->state;

	if (d->plan->desired >= d->plan->from)
		return;
	if (d->in->now_ms - s->in_since_ms >= d->in->dwell_ms) {
		s->in_since_ms = d->in->now_ms;
		s->in_count = 0;
	}
	s->in_count += d->plan->from - d->plan->desired;
}

void decide(const struct decide_input *in, struct decide_state *state,
	    struct decide_plan *ret)
{
	struct deciding d = { .in = in, .state = state, .plan = ret };

	*ret = (struct decide_plan){
		.from = MAX(in->desired >= 0 ? in->desired : in->running, 0),
	};
	stage(&d, "current", ret->from);
	d.in_block = find_in_block(in);
	bounds_find(&d);
	need_find(&d);
	need_remember(&d);
	ret->would = bounds_lower(&d, bounds_raise(&d, follow_demand(&d)));
	apply_mode(&d);
	count_in(&d);
	decide_describe(in, ret);
}
