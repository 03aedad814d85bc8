/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reason.h"

#include "bounds.h"
#include "input.h"
#include "phrases.h"
#include "reason_kept.h"

#include <math.h>

/* "; 8 are needed, but " */
static void add_needed(struct buf *b, const struct decide_plan *p, const char *then)
{
	buf_printf(b, "; %lld are needed%s", (long long)p->needed, then);
}

static void describe_limit(struct buf *b, const struct decide_input *in,
			   const struct decide_plan *p)
{
	const enum decide_binding by = p->would_binding;

	if (by == DECIDE_BY_STEP_OUT) {
		add_needed(b, p, ", but ");
		add_step_out(b, in);
	} else if (by == DECIDE_BY_MAX || by == DECIDE_BY_CEILING) {
		add_needed(b, p, ", but ");
		bounds_add_upper(b, in);
	} else if (by == DECIDE_BY_MIN || by == DECIDE_BY_FLOOR) {
		if (p->needed > p->would) {
			add_needed(b, p, "; ");
			bounds_add_upper(b, in);
		} else {
			buf_puts(b, "; ");
			bounds_add_lower(b, in);
		}
	}
}

/* What the pool has no room for. */
static void describe_room(struct buf *b, const struct decide_input *in,
			  const struct decide_plan *p)
{
	if (p->lacks > 0 && p->would_cause != DECIDE_PRIORITY) {
		if (p->would_binding == DECIDE_BY_BUDGET)
			add_needed(b, p, ", but ");
		else
			buf_puts(b, "; ");
		buf_printf(b, "%s has room for %lld",
			   in->budget_name ? in->budget_name : "the budget",
			   (long long)in->budget);
		if (in->budget_note)
			buf_printf(b, " (%s)", in->budget_note);
	}
	if (in->waiting > 0 && in->takes_from)
		buf_printf(b,
			   "; %lld wait for room that %s, whose priority is lower, gives "
			   "up one instance at a time",
			   (long long)in->waiting, in->takes_from);
}

/* What the demand that there is needs. */
static void describe_now(struct buf *b, const struct decide_input *in,
			 const struct decide_plan *p)
{
	buf_printf(b, " needs %lld now", (long long)p->sure);
	if (in->thrift && p->sure < p->needed) {
		buf_puts(b, "; ");
		add_thrift(b, in, p);
		return;
	}
	buf_printf(b, ", %s",
		   in->fallback_level ? "more than was forecast"
				      : "and there is no forecast");
}

static void describe_out(struct buf *b, const struct decide_input *in,
			 const struct decide_plan *p)
{
	if (p->would_cause == DECIDE_OVERDUE)
		buf_printf(b,
			   "%lld should have come by now and others take their place; ",
			   (long long)in->overdue);
	if (p->would_cause == DECIDE_REACTIVE && in->demand_sure != in->demand) {
		buf_puts(b, "demand of at least ");
		add_figure(b, in, in->demand_sure);
	} else {
		add_demand(b, in);
	}
	if (p->would_cause == DECIDE_REACTIVE || p->would_binding == DECIDE_BY_THRIFT) {
		describe_now(b, in, p);
	} else {
		buf_puts(b, " is forecast to reach ");
		add_forecast(b, in);
		if (in->need_level > 0) {
			buf_printf(b, ", and needs %lld", (long long)p->needed);
			add_enough(b, in);
		}
	}
	add_capacity(b, in);
	describe_limit(b, in, p);
}

static void describe_fell(struct buf *b, const struct decide_input *in,
			  const struct decide_plan *p)
{
	add_demand(b, in);
	buf_printf(b, " needs %lld, and %lld will likely not be needed again for ",
		   (long long)p->needed, (long long)p->from - p->in_count + 1);
	add_time(b, p->in_again_ms);
	add_events(b, &in->events_far);
	add_price(b, p, "saves", "costs");
	add_capacity(b, in);
	if (p->would_binding == DECIDE_BY_STEP_IN) {
		buf_puts(b, "; ");
		add_step_in(b, in);
	} else if (p->would_binding == DECIDE_BY_PAID) {
		buf_puts(b, "; the others are paid for some time more");
	}
}

static void describe_needs(struct buf *b, const struct decide_input *in,
			   const struct decide_plan *p)
{
	add_demand(b, in);
	if (in->fallback_level && isfinite(in->forecast_high)) {
		buf_puts(b, ", forecast at most ");
		add_forecast(b, in);
		buf_putc(b, ',');
	}
	buf_printf(b, " needs %lld", (long long)p->needed);
	if (p->needed == in->forecast_need)
		add_enough(b, in);
	add_capacity(b, in);
}

static void describe_steady(struct buf *b, const struct decide_input *in,
			    const struct decide_plan *p)
{
	if (p->needed >= 0)
		describe_needs(b, in, p);
	else
		buf_puts(b, "there is no new demand data");
	if (p->would_binding == DECIDE_BY_MIN || p->would_binding == DECIDE_BY_FLOOR ||
	    (p->would_binding == DECIDE_BY_MAX && p->needed < p->would)) {
		buf_puts(b, "; ");
		bounds_add_lower(b, in);
	}
}

void describe_bound(struct buf *b, const struct decide_input *in, enum decide_cause cause,
		    enum decide_binding by, int64_t from)
{
	if (cause == DECIDE_PRIORITY) {
		buf_printf(b, "%s has a higher priority and waits for room in %s",
			   in->yields_to, in->budget_name ? in->budget_name : "the pool");
		return;
	}
	if (bounds_of(in).lower > from)
		bounds_add_lower(b, in);
	else
		bounds_add_upper(b, in);
	if (by == DECIDE_BY_STEP_OUT || by == DECIDE_BY_STEP_IN)
		buf_puts(b, "; ");
	if (by == DECIDE_BY_STEP_OUT)
		add_step_out(b, in);
	else if (by == DECIDE_BY_STEP_IN)
		add_step_in(b, in);
}

static void describe_cause(struct buf *b, const struct decide_input *in,
			   const struct decide_plan *p)
{
	switch (p->would_cause) {
	case DECIDE_FORECAST:
	case DECIDE_REACTIVE:
	case DECIDE_OVERDUE:
		describe_out(b, in, p);
		return;
	case DECIDE_FELL:
		describe_fell(b, in, p);
		return;
	case DECIDE_KEPT:
		describe_kept(b, in, p);
		return;
	case DECIDE_MIN:
	case DECIDE_MAX:
	case DECIDE_SCHEDULE:
	case DECIDE_PRIORITY:
		describe_bound(b, in, p->would_cause, p->would_binding, p->from);
		return;
	case DECIDE_STEADY:
	default:
		describe_steady(b, in, p);
		return;
	}
}

/* Kept without a need that is known: what keeps it is its minimum as well. */
static bool is_at_minimum(const struct decide_input *in, const struct decide_plan *p)
{
	return p->would_cause == DECIDE_KEPT && p->needed < 0 && p->from > 0 &&
	       p->would == p->from && bounds_of(in).lower == p->from;
}

void describe_reason(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p)
{
	const bool is_kept =
		p->would_cause == DECIDE_KEPT || p->would_cause == DECIDE_STEADY;

	describe_cause(b, in, p);
	if (is_at_minimum(in, p)) {
		buf_puts(b, "; ");
		bounds_add_lower(b, in);
	}
	describe_room(b, in, p);
	if (is_kept && !reason_is_about_data(p->would_binding) &&
	    (!decide_is_fresh(in) || in->distrust || in->missing)) {
		buf_puts(b, "; ");
		describe_data(b, in);
	}
	if (p->needed >= 0)
		add_follows(b, in);
}
