/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "buf.h"
#include "check.h"
#include "clock.h"
#include "decide.h"
#include "text.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of what people wrote, in a sentence. */
#define NAME_BYTES 40
#define OWNER_BYTES 60
#define REASON_BYTES 120
#define DISTRUST_BYTES 200

/* ---------------------------------------------------------------- names */

const char *decide_cause_name(enum decide_cause cause)
{
	static const char *const names[] = {
		[DECIDE_STEADY] = "steady",     [DECIDE_FORECAST] = "forecast",
		[DECIDE_REACTIVE] = "reactive", [DECIDE_HELD] = "boot-hold",
		[DECIDE_FELL] = "demand-fell",  [DECIDE_MIN] = "min",
		[DECIDE_MAX] = "max",           [DECIDE_SCHEDULE] = "schedule",
		[DECIDE_KEPT] = "kept",
	};

	return names[cause];
}

const char *decide_binding_name(enum decide_binding binding)
{
	static const char *const names[] = {
		[DECIDE_BY_NOTHING] = "none",
		[DECIDE_BY_FORECAST] = "forecast",
		[DECIDE_BY_DEMAND] = "demand",
		[DECIDE_BY_BOOT_HOLD] = "boot-hold",
		[DECIDE_BY_DWELL] = "dwell",
		[DECIDE_BY_STEP_OUT] = "step-out",
		[DECIDE_BY_STEP_IN] = "step-in",
		[DECIDE_BY_BUDGET] = "budget",
		[DECIDE_BY_FLOOR] = "schedule-min",
		[DECIDE_BY_CEILING] = "schedule-max",
		[DECIDE_BY_MIN] = "min",
		[DECIDE_BY_MAX] = "max",
		[DECIDE_BY_NO_CAPACITY] = "no-capacity",
		[DECIDE_BY_NO_DATA] = "no-data",
		[DECIDE_BY_STALE_DATA] = "stale-data",
		[DECIDE_BY_DISTRUST] = "distrust",
		[DECIDE_BY_NO_FORECAST] = "no-forecast",
		[DECIDE_BY_STATEFUL] = "stateful",
		[DECIDE_BY_MODE] = "mode",
		[DECIDE_BY_HOLD] = "hold",
	};

	return names[binding];
}

static const char *mode_name(enum decide_mode mode)
{
	static const char *const names[] = {
		[DECIDE_OBSERVE] = "observe",
		[DECIDE_OUT] = "out",
		[DECIDE_AUTO] = "auto",
	};

	return names[mode];
}

/* ---------------------------------------------------------------- figures */

/* "41.2/s", "15/s", "1200 sessions" */
static void add_figure(struct buf *b, const struct decide_input *in, double x)
{
	char digits[64];

	snprintf(digits, sizeof(digits),
		 x >= 1000 ? "%.0f"
		 : x >= 10 ? "%.1f"
			   : "%.2f",
		 x);
	buf_puts(b, digits);
	if (in->unit && *in->unit)
		buf_printf(b, "%s%s", *in->unit == '/' ? "" : " ", in->unit);
}

/* To the second, or finer when it is shorter than that. */
static void add_time(struct buf *b, int64_t ms)
{
	char text[CLOCK_TEXT];

	if (ms >= 1000)
		ms = (ms + 500) / 1000 * 1000;
	buf_puts(b, clock_format_duration(MAX(ms, 0), text));
}

static void add_capacity(struct buf *b, const struct decide_input *in)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.4g", in->capacity);
	buf_printf(b, " (capacity %s", digits);
	if (in->unit && *in->unit)
		buf_printf(b, "%s%s", *in->unit == '/' ? "" : " ", in->unit);
	buf_printf(b, " an instance%s", in->capacity_note ? in->capacity_note : "");
	if (in->price > 0 && in->fallback_level)
		buf_printf(b, ", a short minute costs %.4g instance-hours", in->price);
	buf_putc(b, ')');
}

static void add_demand(struct buf *b, const struct decide_input *in)
{
	buf_puts(b, "demand");
	if (decide_is_fresh(in)) {
		buf_puts(b, " of ");
		add_figure(b, in, in->demand);
	}
}

static void add_lead(struct buf *b, const struct decide_input *in)
{
	buf_puts(b, "the lead time of ");
	add_time(b, in->lead_ms);
	if (in->is_lead_prior)
		buf_puts(b, ", not measured yet");
}

/* ", with event 'sale' expected to multiply demand by 2.4, learned from 3 past ones" */
static void add_events(struct buf *b, const struct decide_events *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_printf(b, "%s'%.*s'",
			   i == 0          ? e->n > 1 ? ", with events " : ", with event "
			   : i + 1 == e->n ? " and "
					   : ", ",
			   (int)utf8_fit(e->names[i], NAME_BYTES), e->names[i]);
	if (e->n)
		buf_printf(b, " expected to multiply demand by %.2g", e->uplift);
	if (e->n && e->learned_from)
		buf_printf(b, ", learned from %zu past one%s", e->learned_from,
			   e->learned_from > 1 ? "s" : "");
	if (e->unknown)
		buf_printf(b,
			   ", not counting event '%.*s', whose effect is not known yet",
			   (int)utf8_fit(e->unknown, NAME_BYTES), e->unknown);
}

/* ---------------------------------------------------------------- why */

static void say_limit(struct buf *b, const struct decide_input *in,
		      const struct decide_plan *p)
{
	long long would = (long long)p->would;

	if (p->would_binding != DECIDE_BY_STEP_OUT &&
	    p->would_binding != DECIDE_BY_BUDGET && p->would_binding != DECIDE_BY_MAX &&
	    p->would_binding != DECIDE_BY_CEILING)
		return;
	buf_puts(b, "; ");
	if (p->cause != DECIDE_HELD)
		buf_printf(b, "%lld are needed, but ", (long long)p->held);
	if (p->would_binding == DECIDE_BY_STEP_OUT)
		buf_printf(b, "only %lld may be on their way at once",
			   (long long)in->step_out_max);
	else if (p->would_binding == DECIDE_BY_BUDGET)
		buf_printf(b, "%s has room for %lld",
			   in->budget_name ? in->budget_name : "the budget", would);
	else if (p->would_binding == DECIDE_BY_MAX)
		buf_printf(b, "its maximum is %lld", would);
	else
		buf_printf(b, "schedule '%s' allows %lld", in->ceiling_name, would);
}

static void say_out(struct buf *b, const struct decide_input *in,
		    const struct decide_plan *p)
{
	if (p->cause == DECIDE_HELD) {
		buf_printf(b, "%lld were needed within the last ", (long long)p->held);
		add_time(b, in->lead_ms);
		buf_puts(b, ", a lead time");
		say_limit(b, in, p);
		return;
	}
	add_demand(b, in);
	if (p->cause == DECIDE_REACTIVE) {
		buf_printf(b, " needs %lld now, %s", (long long)p->needed,
			   in->fallback_level ? "more than was forecast"
					      : "and there is no forecast");
	} else {
		buf_puts(b, " is forecast to reach ");
		add_figure(b, in, in->forecast_high);
		buf_puts(b, " within ");
		add_lead(b, in);
		add_events(b, &in->events);
	}
	add_capacity(b, in);
	say_limit(b, in, p);
}

static void say_fell(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p)
{
	add_demand(b, in);
	buf_puts(b, " is forecast to stay below ");
	add_figure(b, in, in->forecast_high_dwell);
	buf_puts(b, " for the next ");
	add_time(b, in->lead_ms + in->dwell_ms);
	buf_puts(b, ", as it has been for ");
	add_time(b, in->dwell_ms);
	add_events(b, &in->events_dwell);
	add_capacity(b, in);
	if (p->would_binding == DECIDE_BY_STEP_IN) {
		buf_printf(b, "; at most %lld may go within ",
			   (long long)in->step_in_max);
		add_time(b, in->dwell_ms);
	}
}

static void say_dwell(struct buf *b, const struct decide_input *in,
		      const struct decide_plan *p)
{
	buf_printf(b, "%lld would do now, but ", (long long)p->needed);
	if (p->in_need >= p->from) {
		buf_puts(b, "demand may reach ");
		add_figure(b, in, in->forecast_high_dwell);
		buf_puts(b, " within the next ");
		add_time(b, in->lead_ms + in->dwell_ms);
		add_events(b, &in->events_dwell);
	} else if (p->in_wait_ms > 0) {
		buf_puts(b, "fewer must do for ");
		add_time(b, in->dwell_ms);
		buf_puts(b, " before any leaves (");
		add_time(b, p->in_wait_ms);
		buf_puts(b, " to go)");
	} else {
		buf_printf(b, "%lld were asked for within the last ", (long long)p->from);
		add_time(b, in->dwell_ms);
	}
}

/* What is wrong with the data, which alone would keep it from going in. */
static void say_data(struct buf *b, const struct decide_input *in)
{
	if (!decide_is_measured(in)) {
		buf_puts(b, "no demand is measured, and nothing is scaled in without");
	} else if (!decide_is_fresh(in)) {
		buf_puts(b, "demand was last measured ");
		add_time(b, in->now_ms - in->demand_at_ms);
		buf_puts(b, " ago, and nothing is scaled in on stale data");
	} else if (in->distrust) {
		buf_printf(b, "%.*s, and nothing is scaled in on that",
			   (int)utf8_fit(in->distrust, DISTRUST_BYTES), in->distrust);
	}
}

static void say_kept(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p)
{
	long long needed = (long long)p->needed;

	if (p->would_binding == DECIDE_BY_DWELL) {
		say_dwell(b, in, p);
	} else if (p->would_binding == DECIDE_BY_NO_CAPACITY) {
		buf_puts(b, "the capacity of an instance is not known");
		if (in->capacity_note)
			buf_printf(b, " (%s)", in->capacity_note);
	} else if (p->would_binding == DECIDE_BY_NO_DATA ||
		   p->would_binding == DECIDE_BY_STALE_DATA ||
		   p->would_binding == DECIDE_BY_DISTRUST) {
		say_data(b, in);
	} else if (p->would_binding == DECIDE_BY_NO_FORECAST) {
		buf_puts(b, "there is no forecast, and nothing is scaled in without");
	} else if (p->would_binding == DECIDE_BY_STATEFUL) {
		buf_printf(
			b,
			"%lld would do, but a stateful tier is not scaled in by itself",
			needed);
	} else {
		buf_printf(b, "%lld would do, but at most %lld may go within ", needed,
			   (long long)in->step_in_max);
		add_time(b, in->dwell_ms);
	}
}

static void say_needs(struct buf *b, const struct decide_input *in,
		      const struct decide_plan *p)
{
	add_demand(b, in);
	if (in->fallback_level && isfinite(in->forecast_high)) {
		buf_puts(b, ", at most ");
		add_figure(b, in, in->forecast_high);
		buf_puts(b, " within ");
		add_lead(b, in);
		add_events(b, &in->events);
		buf_putc(b, ',');
	}
	buf_printf(b, " needs %lld", (long long)p->needed);
	add_capacity(b, in);
}

static void say_steady(struct buf *b, const struct decide_input *in,
		       const struct decide_plan *p)
{
	if (p->needed >= 0)
		say_needs(b, in, p);
	else
		buf_puts(b, "nothing new is known of its demand");
	if (p->would_binding == DECIDE_BY_MIN)
		buf_printf(b, "; its minimum is %lld", (long long)p->would);
	else if (p->would_binding == DECIDE_BY_FLOOR)
		buf_printf(b, "; schedule '%s' asks for %lld", in->floor_name,
			   (long long)p->would);
	if (!decide_is_fresh(in) || in->distrust) {
		buf_puts(b, "; ");
		say_data(b, in);
	}
}

static void say_bound(struct buf *b, const struct decide_input *in,
		      const struct decide_plan *p)
{
	long long would = (long long)p->would;

	if (p->cause == DECIDE_MIN)
		buf_printf(b, "its minimum is %lld", would);
	else if (p->cause == DECIDE_MAX)
		buf_printf(b, "its maximum is %lld", would);
	else if (p->would_binding == DECIDE_BY_FLOOR)
		buf_printf(b, "schedule '%s' asks for at least %lld", in->floor_name,
			   would);
	else
		buf_printf(b, "schedule '%s' allows at most %lld", in->ceiling_name,
			   would);
}

static void say_why(struct buf *b, const struct decide_input *in,
		    const struct decide_plan *p)
{
	switch (p->cause) {
	case DECIDE_FORECAST:
	case DECIDE_REACTIVE:
	case DECIDE_HELD:
		say_out(b, in, p);
		return;
	case DECIDE_FELL:
		say_fell(b, in, p);
		return;
	case DECIDE_KEPT:
		say_kept(b, in, p);
		return;
	case DECIDE_MIN:
	case DECIDE_MAX:
	case DECIDE_SCHEDULE:
		say_bound(b, in, p);
		return;
	case DECIDE_STEADY:
	default:
		say_steady(b, in, p);
		return;
	}
}

/* ---------------------------------------------------------------- the sentence */

static void say_hold(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p)
{
	char until[CLOCK_TEXT];

	buf_printf(b, "%s stays at %lld, on hold by %.*s", in->tier,
		   (long long)p->desired, (int)utf8_fit(in->hold_owner, OWNER_BYTES),
		   in->hold_owner);
	if (in->hold_until_ms)
		buf_printf(b, " until %s", clock_format(in->hold_until_ms, until));
	if (in->hold_reason && *in->hold_reason)
		buf_printf(b, " (%.*s)", (int)utf8_fit(in->hold_reason, REASON_BYTES),
			   in->hold_reason);
	if (p->would == p->desired)
		return;
	buf_printf(b, "; it would go to %lld: ", (long long)p->would);
	say_why(b, in, p);
}

static void say_mode(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p)
{
	if (p->desired == p->from)
		buf_printf(b, "%s stays at %lld", in->tier, (long long)p->from);
	else
		buf_printf(b, "%s goes from %lld to %lld, as its bounds ask", in->tier,
			   (long long)p->from, (long long)p->desired);
	buf_printf(b, " in mode %s%s; it would go to %lld: ", mode_name(in->mode),
		   in->mode == DECIDE_OUT ? ", which never scales in" : "",
		   (long long)p->would);
	say_why(b, in, p);
}

void decide_say(const struct decide_input *in, struct decide_plan *plan)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 2000);
	if (plan->binding == DECIDE_BY_HOLD) {
		say_hold(&b, in, plan);
	} else if (plan->binding == DECIDE_BY_MODE) {
		say_mode(&b, in, plan);
	} else {
		if (plan->desired != plan->from)
			buf_printf(&b, "%s goes from %lld to %lld: ", in->tier,
				   (long long)plan->from, (long long)plan->desired);
		else
			buf_printf(&b, "%s stays at %lld: ", in->tier,
				   (long long)plan->desired);
		say_why(&b, in, plan);
	}
	buf_putc(&b, '.');
	snprintf(plan->sentence, sizeof(plan->sentence), "%s", buf_str(&b));
	utf8_mend(plan->sentence);
}

/* ---------------------------------------------------------------- explanation */

static json_t *count_or_null(int64_t n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

static json_t *explain_inputs(const struct decide_input *in)
{
	json_t *o = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "running",
		(json_int_t)in->running, "starting", (json_int_t)in->starting, "min",
		(json_int_t)in->min, "dwell_ms", (json_int_t)in->dwell_ms, "step_out_max",
		(json_int_t)in->step_out_max, "step_in_max", (json_int_t)in->step_in_max,
		"stateful", in->stateful, "stale", !decide_is_fresh(in));

	json_object_set_new(o, "max", count_or_null(in->max));
	json_object_set_new(o, "demand", json_finite(in->demand));
	json_object_set_new(o, "demand_age_ms",
			    decide_is_measured(in)
				    ? json_integer(in->now_ms - in->demand_at_ms)
				    : json_null());
	json_object_set_new(o, "stale_after_ms", json_integer(in->stale_after_ms));
	json_object_set_new(o, "unit", json_text(in->unit));
	json_object_set_new(o, "capacity",
			    in->capacity > 0 ? json_finite(in->capacity) : json_null());
	json_object_set_new(o, "capacity_source", json_text(in->capacity_source));
	json_object_set_new(o, "capacity_note", json_text(in->capacity_note));
	json_object_set_new(o, "target_utilisation", json_finite(in->target_utilisation));
	json_object_set_new(o, "distrust", json_text(in->distrust));
	json_object_set_new(o, "floor", count_or_null(in->floor));
	json_object_set_new(o, "floor_schedule", json_text(in->floor_name));
	json_object_set_new(o, "ceiling", count_or_null(in->ceiling));
	json_object_set_new(o, "ceiling_schedule", json_text(in->ceiling_name));
	json_object_set_new(o, "budget", count_or_null(in->budget));
	return o;
}

static json_t *explain_events(const struct decide_events *e)
{
	json_t *names = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(names, json_text(e->names[i]));
	if (e->unknown)
		json_array_append_new(names, json_text(e->unknown));
	return names;
}

static json_t *explain_forecast(const struct decide_input *in)
{
	json_t *o;

	if (!in->fallback_level)
		return json_null();
	o = json_pack("{s:s, s:I, s:b, s:I}", "fallback_level", in->fallback_level,
		      "lead_ms", (json_int_t)in->lead_ms, "lead_is_prior",
		      in->is_lead_prior, "age_ms",
		      (json_int_t)(in->now_ms - in->forecast_at_ms));
	json_object_set_new(o, "why", json_text(in->fallback_reason));
	json_object_set_new(o, "risk", json_finite(in->price > 0 ? NAN : in->risk));
	json_object_set_new(o, "price", json_finite(in->price > 0 ? in->price : NAN));
	json_object_set_new(o, "median", json_finite(in->forecast_mid));
	json_object_set_new(o, "upper", json_finite(in->forecast_high));
	json_object_set_new(o, "upper_with_dwell", json_finite(in->forecast_high_dwell));
	json_object_set_new(o, "events", explain_events(&in->events));
	json_object_set_new(o, "uplift",
			    json_finite(in->events.n ? in->events.uplift : 1));
	json_object_set_new(o, "events_with_dwell", explain_events(&in->events_dwell));
	json_object_set_new(
		o, "uplift_with_dwell",
		json_finite(in->events_dwell.n ? in->events_dwell.uplift : 1));
	return o;
}

static json_t *explain_hold(const struct decide_input *in)
{
	json_t *o;

	if (!in->hold_owner)
		return json_null();
	o = json_object();
	json_object_set_new(o, "owner", json_text(in->hold_owner));
	json_object_set_new(o, "reason", json_text(in->hold_reason));
	json_object_set_new(o, "until", json_time(in->hold_until_ms));
	return o;
}

json_t *decide_explain(const struct decide_input *in, const struct decide_plan *plan)
{
	json_t *o = json_object();
	json_t *stages = json_array();

	for (size_t i = 0; i < plan->n_stages; i++)
		json_array_append_new(
			stages, json_pack("{s:s, s:I}", "name", plan->stages[i].name,
					  "value", (json_int_t)plan->stages[i].value));
	json_object_set_new(o, "at", json_time(in->now_ms));
	json_object_set_new(o, "stack", json_string(in->stack));
	json_object_set_new(o, "tier", json_string(in->tier));
	json_object_set_new(o, "mode", json_string(mode_name(in->mode)));
	json_object_set_new(o, "from", json_integer(plan->from));
	json_object_set_new(o, "to", json_integer(plan->desired));
	json_object_set_new(o, "would", json_integer(plan->would));
	json_object_set_new(o, "needed", count_or_null(plan->needed));
	json_object_set_new(o, "cause", json_string(decide_cause_name(plan->cause)));
	json_object_set_new(o, "binding",
			    json_string(decide_binding_name(plan->binding)));
	json_object_set_new(o, "in_wait_ms", json_integer(plan->in_wait_ms));
	json_object_set_new(o, "inputs", explain_inputs(in));
	json_object_set_new(o, "forecast", explain_forecast(in));
	json_object_set_new(o, "hold", explain_hold(in));
	json_object_set_new(o, "stages", stages);
	json_object_set_new(o, "sentence", json_text(plan->sentence));
	return o;
}
