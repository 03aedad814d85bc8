/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide.h"

#include "check.h"

#include <math.h>
#include <string.h>

#define INSTANCES_MAX 1000000

/* ---------------------------------------------------------------- windows */

void decide_window_clear(struct decide_window *w)
{
	w->n = 0;
	w->since_ms = w->last_ms = 0;
}

void decide_window_note(struct decide_window *w, int64_t now_ms, int64_t value)
{
	if (w->last_ms == 0)
		w->since_ms = now_ms;
	w->last_ms = now_ms;
	while (w->n > 0 && w->v[w->n - 1].value <= value)
		w->n--;
	if (w->n == DECIDE_WINDOW_MAX) {
		w->v[w->n - 1].at_ms = now_ms;
		return;
	}
	w->v[w->n].at_ms = now_ms;
	w->v[w->n++].value = value;
}

int64_t decide_window_largest(struct decide_window *w, int64_t now_ms, int64_t length_ms)
{
	size_t old = 0;

	while (old < w->n && w->v[old].at_ms < now_ms - length_ms)
		old++;
	w->n -= old;
	memmove(w->v, w->v + old, w->n * sizeof(*w->v));
	return w->n ? w->v[0].value : -1;
}

/* ---------------------------------------------------------------- what is needed */

bool decide_is_measured(const struct decide_input *in)
{
	return isfinite(in->demand) && in->demand >= 0;
}

bool decide_is_fresh(const struct decide_input *in)
{
	return decide_is_measured(in) &&
	       in->now_ms - in->demand_at_ms <= in->stale_after_ms;
}

/* A forecast that has not seen the last lead time's demand says nothing about the next.
 */
static bool has_forecast(const struct decide_input *in)
{
	return isfinite(in->forecast_high) && in->forecast_high >= 0 &&
	       in->now_ms - in->forecast_at_ms <= in->stale_after_ms + in->lead_ms;
}

static int64_t instances_for(double demand, double capacity)
{
	double n = ceil(demand / capacity - 1e-9);

	return n > INSTANCES_MAX ? INSTANCES_MAX : (int64_t)n;
}

struct deciding {
	const struct decide_input *in;
	struct decide_state *state;
	struct decide_plan *plan;
	int64_t lower, upper; /* bounds of operator and schedules; upper < 0: none */
	int64_t reactive, predictive; /* -1: not known */
	enum decide_binding in_block; /* why it must not go in; BY_NOTHING: it may */
};

static void stage(struct deciding *d, const char *name, int64_t value)
{
	CHECK(d->plan->n_stages < DECIDE_STAGES);
	d->plan->stages[d->plan->n_stages++] = (struct decide_stage){ name, value };
}

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
	if (!has_forecast(in) || !isfinite(in->forecast_high_dwell))
		return DECIDE_BY_NO_FORECAST;
	return in->stateful ? DECIDE_BY_STATEFUL : DECIDE_BY_NOTHING;
}

static void find_bounds(struct deciding *d)
{
	const struct decide_input *in = d->in;

	d->lower = MAX(in->min, in->floor);
	d->upper = in->max;
	if (in->max >= 0)
		d->lower = MIN(d->lower, in->max);
	if (in->ceiling >= 0 && (d->upper < 0 || in->ceiling < d->upper))
		d->upper = in->ceiling;
	if (d->upper >= 0)
		d->upper = MAX(d->upper, d->lower);
}

static void find_need(struct deciding *d)
{
	const struct decide_input *in = d->in;
	double share = in->target_utilisation > 0 ? in->target_utilisation : 1;

	d->reactive = d->predictive = d->plan->needed = -1;
	if (in->capacity > 0 && decide_is_fresh(in)) {
		d->reactive = instances_for(in->demand, in->capacity * share);
		stage(d, "reactive", d->reactive);
	}
	if (in->capacity > 0 && has_forecast(in)) {
		d->predictive = instances_for(in->forecast_high, in->capacity);
		stage(d, "predictive", d->predictive);
	}
	d->plan->needed = MAX(d->reactive, d->predictive);
}

/* Takes this moment over into what is remembered. */
static void remember(struct deciding *d)
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

/* ---------------------------------------------------------------- the stages */

static int64_t keep(struct deciding *d, enum decide_binding by)
{
	d->plan->cause = DECIDE_KEPT;
	d->plan->would_binding = by;
	return d->plan->from;
}

static int64_t limit_out(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	/* What fails is not on its way: it neither comes nor keeps others from coming. */
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

static int64_t go_out(struct deciding *d)
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

static int64_t go_in(struct deciding *d)
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

/* What demand and forecast ask for, within the limits of one step. */
static int64_t follow_demand(struct deciding *d)
{
	if (d->plan->held < 0)
		return keep(d, d->in_block);
	if (d->plan->held > d->plan->from)
		return go_out(d);
	return d->plan->held < d->plan->from ? go_in(d) : d->plan->from;
}

static int64_t raise_to_bounds(struct deciding *d, int64_t value)
{
	bool is_floor = d->in->floor > d->in->min;

	if (value >= d->lower)
		return value;
	d->plan->would_binding = is_floor ? DECIDE_BY_FLOOR : DECIDE_BY_MIN;
	if (d->lower > d->plan->from)
		d->plan->cause = is_floor ? DECIDE_SCHEDULE : DECIDE_MIN;
	stage(d, is_floor ? "schedule" : "min", d->lower);
	return d->lower;
}

/*
 * A person's maximum needs no forecast: the first hour of a tier, and one that is scaled
 * by hand, obey it. What is measured must be trusted all the same.
 */
static bool may_lower(const struct deciding *d, bool is_max)
{
	bool is_by_hand = is_max && !d->in->distrust && !d->in->stateful;

	return d->in_block == DECIDE_BY_NOTHING ||
	       (is_by_hand && (d->in_block == DECIDE_BY_NO_FORECAST ||
			       d->in_block == DECIDE_BY_NO_CAPACITY));
}

static int64_t lower_to_bounds(struct deciding *d, int64_t value)
{
	bool is_max = d->in->max >= 0 && d->upper == d->in->max;

	if (d->upper < 0 || value <= d->upper)
		return value;
	if (d->upper < d->plan->from && !may_lower(d, is_max))
		return MIN(value, keep(d, d->in_block));
	d->plan->would_binding = is_max ? DECIDE_BY_MAX : DECIDE_BY_CEILING;
	if (d->upper < d->plan->from)
		d->plan->cause = is_max ? DECIDE_MAX : DECIDE_SCHEDULE;
	stage(d, is_max ? "max" : "schedule", d->upper);
	return d->upper;
}

/* In observe only the operator's own bounds are obeyed. */
static int64_t observe(const struct deciding *d)
{
	const struct decide_input *in = d->in;
	int64_t value =
		MAX(d->plan->from, in->max >= 0 ? MIN(in->min, in->max) : in->min);

	if (in->max >= 0 && value > in->max && may_lower(d, true))
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

/* Instances that were let go count against the step limit of this dwell. */
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
	find_bounds(&d);
	find_need(&d);
	remember(&d);
	ret->would = lower_to_bounds(&d, raise_to_bounds(&d, follow_demand(&d)));
	apply_mode(&d);
	count_in(&d);
	decide_say(in, ret);
}
