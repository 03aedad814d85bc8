/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - a decision as JSON: its input, stages and sentence.
 */
#include "decide.h"
#include "input.h"
#include "text.h"

#include <math.h>

static json_t *count_or_null(int64_t n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

static json_t *explain_inputs(const struct decide_input *in)
{
	json_t *o = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "running",
		(json_int_t)in->running, "starting", (json_int_t)in->starting, "overdue",
		(json_int_t)in->overdue, "min", (json_int_t)in->min, "dwell_ms",
		(json_int_t)in->dwell_ms, "step_out_max", (json_int_t)in->step_out_max,
		"step_in_max", (json_int_t)in->step_in_max, "stateful", in->stateful,
		"stale", !decide_is_fresh(in));

	json_object_set_new(o, "max", count_or_null(in->max));
	json_object_set_new(o, "demand", json_finite(in->demand));
	json_object_set_new(o, "demand_sure", json_finite(in->demand_sure));
	json_object_set_new(o, "action_price", json_finite(in->action_price));
	json_object_set_new(o, "paid_ending", count_or_null(in->ending));
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
	json_object_set_new(o, "missing", json_text(in->missing));
	json_object_set_new(o, "floor", count_or_null(in->floor));
	json_object_set_new(o, "floor_schedule", json_text(in->floor_name));
	json_object_set_new(o, "ceiling", count_or_null(in->ceiling));
	json_object_set_new(o, "ceiling_schedule", json_text(in->ceiling_name));
	json_object_set_new(o, "budget", count_or_null(in->budget));
	json_object_set_new(o, "budget_name", json_text(in->budget_name));
	json_object_set_new(o, "budget_note", json_text(in->budget_note));
	json_object_set_new(o, "waiting", json_integer(in->waiting));
	json_object_set_new(o, "takes_from", json_text(in->takes_from));
	json_object_set_new(o, "yields_to", json_text(in->yields_to));
	/* Only where there is one, so that a row of an older version is repeated as it
	 * is. */
	if (in->thrift)
		json_object_set_new(o, "thrift", json_text(in->thrift));
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

json_t *decide_follows_json(const struct decide_input *in)
{
	json_t *o;

	if (!in->follows)
		return json_null();
	o = json_object();
	json_object_set_new(o, "tier", json_text(in->follows));
	json_object_set_new(o, "ahead_ms", json_integer(in->follows_ahead_ms));
	json_object_set_new(o, "gain", json_finite(in->follows_gain));
	json_object_set_new(o, "over_ms", json_integer(in->follows_over_ms));
	return o;
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
	json_object_set_new(
		o, "upper_level",
		json_finite(in->forecast_level > 0 ? in->forecast_level : NAN));
	json_object_set_new(o, "need_level",
			    json_finite(in->need_level > 0 ? in->need_level : NAN));
	json_object_set_new(o, "again_near", json_finite(in->again_near));
	json_object_set_new(o, "again_far", json_finite(in->again_far));
	json_object_set_new(o, "outlook_ms", json_integer(in->outlook_ms));
	json_object_set_new(o, "out_gain", json_finite(in->out_gain));
	/* Only where it does, so that a row of an older version is repeated as it is. */
	if (in->follows)
		json_object_set_new(o, "follows", decide_follows_json(in));
	json_object_set_new(o, "events", explain_events(&in->events));
	json_object_set_new(o, "uplift",
			    json_finite(in->events.n ? in->events.uplift : 1));
	json_object_set_new(o, "events_far", explain_events(&in->events_far));
	json_object_set_new(o, "uplift_far",
			    json_finite(in->events_far.n ? in->events_far.uplift : 1));
	return o;
}

/* What letting instances go would save and cost; null: not weighed. */
static json_t *explain_in(const struct decide_plan *plan)
{
	if (plan->in_count == 0)
		return json_null();
	return json_pack("{s:I, s:f, s:f, s:I}", "count", (json_int_t)plan->in_count,
			 "saves_min", plan->in_saves, "costs_min", plan->in_costs,
			 "again_ms", (json_int_t)plan->in_again_ms);
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
	json_object_set_new(o, "mode", json_string(decide_mode_name(in->mode)));
	json_object_set_new(o, "from", json_integer(plan->from));
	json_object_set_new(o, "to", json_integer(plan->desired));
	json_object_set_new(o, "would", json_integer(plan->would));
	json_object_set_new(o, "needed", count_or_null(plan->needed));
	json_object_set_new(o, "lacks", json_integer(plan->lacks));
	json_object_set_new(o, "cause", json_string(decide_cause_name(plan->cause)));
	json_object_set_new(o, "binding",
			    json_string(decide_binding_name(plan->binding)));
	json_object_set_new(o, "scale_in", explain_in(plan));
	json_object_set_new(o, "inputs", explain_inputs(in));
	json_object_set_new(o, "forecast", explain_forecast(in));
	json_object_set_new(o, "hold", explain_hold(in));
	json_object_set_new(o, "stages", stages);
	json_object_set_new(o, "sentence", json_text(plan->sentence));
	return o;
}
