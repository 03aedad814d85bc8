/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide.h"

#include "bounds.h"
#include "deciding.h"
#include "input.h"
#include "instances_needed.h"
#include "scale_in.h"
#include "sentence.h"

#include <math.h>

/* How soon one instance is likely to change it again. */
#define NEXT_CHANGE_MIN 7.0

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
	if (in->missing)
		return DECIDE_BY_MISSING;
	if (!decide_has_forecast(in) || !isfinite(in->again_near) ||
	    !isfinite(in->again_far))
		return DECIDE_BY_NO_FORECAST;
	return in->stateful ? DECIDE_BY_STATEFUL : DECIDE_BY_NOTHING;
}

static int64_t limit_out(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	/* A failing instance is not starting: it does not count against the limit. */
	int64_t at_once = d->plan->from + MAX(in->step_out_max - in->starting +
						      d->plan->from - decide_counted(in),
					      INT64_C(0));
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

/* Whether going to the forecast's need pays for an action before the next is likely: the
 * smaller an instance is against the fleet, the sooner that is. */
static bool is_worth_action(const struct decide_input *in, int64_t from)
{
	const double minutes = NEXT_CHANGE_MIN / sqrt((double)MAX(from, INT64_C(1)));

	return !isfinite(in->out_gain) || in->out_gain * minutes >= in->action_price;
}

/* The need is more than what is counted; another takes the place of each overdue one. */
static int64_t scale_out(struct deciding *d)
{
	const int64_t have = decide_counted(d->in);
	const bool is_sure = d->reactive > have;
	const bool is_forecast = d->predictive >= d->reactive;

	if (!is_sure && !is_worth_action(d->in, have))
		return keep(d, DECIDE_BY_ACTION);
	d->plan->cause = d->plan->needed <= d->plan->from ? DECIDE_OVERDUE
			 : is_forecast                    ? DECIDE_FORECAST
							  : DECIDE_REACTIVE;
	d->plan->would_binding = is_forecast ? DECIDE_BY_FORECAST : DECIDE_BY_DEMAND;
	return limit_out(d, d->plan->needed + d->plan->from - have);
}

/* What demand and forecast need, within the limits of one step. */
static int64_t follow_demand(struct deciding *d)
{
	if (d->plan->needed < 0)
		return keep(d, d->in_block);
	if (d->plan->needed > decide_counted(d->in))
		return scale_out(d);
	return d->plan->needed < d->plan->from ? scale_in(d) : d->plan->from;
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

void decide_silently(const struct decide_input *in, struct decide_state *state,
		     struct decide_plan *ret)
{
	struct deciding d = { .in = in, .state = state, .plan = ret };

	*ret = (struct decide_plan){
		.from = decide_from(in),
	};
	stage(&d, "current", ret->from);
	d.in_block = find_in_block(in);
	bounds_find(&d);
	need_find(&d);
	need_remember(&d);
	ret->would = bounds_lower(&d, bounds_raise(&d, follow_demand(&d)));
	apply_mode(&d);
	count_in(&d);
}

void decide(const struct decide_input *in, struct decide_state *state,
	    struct decide_plan *ret)
{
	decide_silently(in, state, ret);
	decide_describe(in, ret);
}

bool decide_is_bound(const struct decide_plan *plan)
{
	return plan->would_binding == DECIDE_BY_MIN ||
	       plan->would_binding == DECIDE_BY_FLOOR;
}
