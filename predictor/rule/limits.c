/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "limits.h"

#include "scale_in.h"

static bool is_schedule(enum decide_binding by)
{
	return by == DECIDE_BY_FLOOR || by == DECIDE_BY_CEILING;
}

/* A schedule's minimum that the maximum cuts is the schedule's nevertheless. */
static enum decide_cause raised_by(const struct deciding *d)
{
	return d->in->floor > d->in->min ? DECIDE_SCHEDULE : DECIDE_MIN;
}

static int64_t raise(struct deciding *d, int64_t value)
{
	const struct bounds *b = &d->bounds;

	if (value >= b->lower)
		return value;
	d->plan->would_binding = b->lower_by;
	if (b->lower > d->plan->from)
		d->plan->would_cause = raised_by(d);
	stage(d, is_schedule(b->lower_by) ? "schedule" : decide_binding_name(b->lower_by),
	      b->lower);
	return b->lower;
}

/* The most that there may be: obeyed with and without data, a step at a time. */
static int64_t lower(struct deciding *d, int64_t value)
{
	const struct bounds *b = &d->bounds;
	struct decide_plan *p = d->plan;
	const int64_t step = MIN(step_in_left(d), p->from);

	if (b->upper < 0 || value <= b->upper)
		return value;
	if (b->upper < p->from && d->in->distrust)
		return MIN(value, keep(d, DECIDE_BY_DISTRUST));
	p->would_binding = b->upper_by;
	if (b->upper < p->from)
		p->would_cause = is_schedule(b->upper_by) ? DECIDE_SCHEDULE : DECIDE_MAX;
	stage(d, is_schedule(b->upper_by) ? "schedule" : decide_binding_name(b->upper_by),
	      b->upper);
	if (b->upper >= p->from - step)
		return b->upper;
	p->would_binding = DECIDE_BY_STEP_IN;
	stage(d, "step-in", p->from - step);
	return p->from - step;
}

static int64_t step_out(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	/* A failing instance is not starting: it does not count against the limit. */
	const int64_t at_once =
		d->plan->from +
		MAX(in->step_out_max - in->starting + d->plan->from - decide_counted(in),
		    INT64_C(0));

	if (in->step_out_max <= 0 || value <= at_once)
		return value;
	d->plan->would_binding = DECIDE_BY_STEP_OUT;
	stage(d, "step-out", at_once);
	return at_once;
}

/* Those of value that it should have, of the room that there is too few. */
static int64_t count_lacking(const struct deciding *d, int64_t value)
{
	const struct bounds *b = &d->bounds;
	int64_t due = MIN(value, MAX(d->plan->needed, b->lower));

	if (b->upper >= 0)
		due = MIN(due, b->upper);
	return MAX(due - d->in->budget, INT64_C(0));
}

/* Instances by demand are not wanted where no host can be; a minimum waits for one. */
static int64_t budget(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	struct decide_plan *p = d->plan;
	const int64_t most = MAX(MAX(p->from, in->budget), d->bounds.lower);
	const bool is_step = p->would_binding == DECIDE_BY_STEP_OUT ||
			     p->would_binding == DECIDE_BY_STEP_IN;

	if (in->budget < 0 || value < p->from)
		return value;
	p->lacks = count_lacking(d, value);
	if (p->lacks > 0 && !is_step && d->bounds.lower <= in->budget)
		p->would_binding = DECIDE_BY_BUDGET;
	if (value <= most)
		return value;
	p->would_binding = DECIDE_BY_BUDGET;
	stage(d, "budget", most);
	return most;
}

/* One instance at a time, as long as there is one above the minimum. */
static int64_t yield(struct deciding *d, int64_t value)
{
	const struct decide_input *in = d->in;
	struct decide_plan *p = d->plan;

	if (!in->yields_to || in->distrust || in->stateful || value < p->from ||
	    p->from <= d->bounds.lower || step_in_left(d) < 1)
		return value;
	p->would_cause = DECIDE_PRIORITY;
	p->would_binding = DECIDE_BY_PRIORITY;
	stage(d, "priority", p->from - 1);
	return p->from - 1;
}

int64_t limits_apply(struct deciding *d, int64_t value)
{
	value = raise(d, value);
	value = lower(d, value);
	value = step_out(d, value);
	value = budget(d, value);
	return yield(d, value);
}
