/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide.h"

#include "deciding.h"
#include "input.h"
#include "instances_needed.h"
#include "limits.h"
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

/* Whether going to the forecast's need pays for an action before the next is likely: the
 * smaller an instance is against the fleet, the sooner that is. */
static bool is_worth_action(const struct decide_input *in, int64_t from)
{
	const double minutes = NEXT_CHANGE_MIN / sqrt((double)MAX(from, INT64_C(1)));

	return !isfinite(in->out_gain) || in->out_gain * minutes >= in->action_price;
}

/* The forecast needs more than the demand does: as many as that needs are started. */
static int64_t scale_out_thriftily(struct deciding *d, int64_t have)
{
	if (d->reactive <= have)
		return keep(d, DECIDE_BY_THRIFT);
	d->plan->would_cause =
		d->reactive > d->plan->from ? DECIDE_REACTIVE : DECIDE_OVERDUE;
	d->plan->would_binding = DECIDE_BY_THRIFT;
	stage(d, "thrift", d->reactive);
	return d->reactive + d->plan->from - have;
}

/* The need is more than what is counted; another takes the place of each overdue one. */
static int64_t scale_out(struct deciding *d)
{
	const int64_t have = decide_counted(d->in);
	const bool is_sure = d->reactive > have;
	const bool is_forecast = d->predictive >= d->reactive;

	if (d->in->thrift && d->predictive > d->reactive)
		return scale_out_thriftily(d, have);
	if (!is_sure && !is_worth_action(d->in, have))
		return keep(d, DECIDE_BY_ACTION);
	d->plan->would_cause = d->plan->needed <= d->plan->from ? DECIDE_OVERDUE
			       : is_forecast                    ? DECIDE_FORECAST
								: DECIDE_REACTIVE;
	d->plan->would_binding = is_forecast ? DECIDE_BY_FORECAST : DECIDE_BY_DEMAND;
	return d->plan->needed + d->plan->from - have;
}

/* What demand and forecast need. */
static int64_t follow_demand(struct deciding *d)
{
	if (d->plan->needed < 0)
		return keep(d, d->in_block);
	if (d->plan->needed > decide_counted(d->in))
		return scale_out(d);
	return d->plan->needed < d->plan->from ? scale_in(d) : d->plan->from;
}

/* Beside what would be, what bounds and priority alone make of the present number: in
 * modes observe and out too they are obeyed. */
static int64_t without_demand(struct deciding *d, enum decide_cause *cause,
			      enum decide_binding *by)
{
	struct decide_plan q = *d->plan;
	struct deciding e = *d;
	int64_t value;

	q.would_cause = DECIDE_STEADY;
	q.would_binding = DECIDE_BY_NOTHING;
	q.n_stages = 0;
	e.plan = &q;
	value = limits_apply(&e, q.from);
	*cause = q.would_cause;
	*by = q.would_binding;
	return value;
}

static void apply_mode(struct deciding *d)
{
	struct decide_plan *p = d->plan;
	enum decide_cause cause;
	enum decide_binding by;
	int64_t value;

	p->desired = p->would;
	p->cause = p->would_cause;
	p->binding = p->would_binding;
	if (d->in->mode == DECIDE_AUTO)
		return;
	value = without_demand(d, &cause, &by);
	if (d->in->mode == DECIDE_OUT && p->would > value)
		return;
	p->desired = value;
	if (value != p->from) {
		p->cause = cause;
		p->binding = by;
	} else if (value != p->would) {
		p->binding = DECIDE_BY_MODE;
	}
	if (value != p->would)
		stage(d, "mode", value);
}

static void apply_hold(struct deciding *d)
{
	if (!d->in->hold_owner)
		return;
	d->plan->desired = d->plan->from;
	d->plan->cause = d->plan->would_cause;
	d->plan->binding = DECIDE_BY_HOLD;
	stage(d, "hold", d->plan->desired);
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
	d.bounds = bounds_of(in);
	need_find(&d);
	need_remember(&d);
	ret->would = limits_apply(&d, follow_demand(&d));
	apply_mode(&d);
	apply_hold(&d);
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
	const enum decide_binding by = plan->would_binding;

	return by == DECIDE_BY_MIN || by == DECIDE_BY_FLOOR ||
	       /* of a schedule, cut by the maximum */
	       (by == DECIDE_BY_MAX && plan->needed < plan->would);
}
