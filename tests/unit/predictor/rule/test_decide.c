/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decide_fixture.h"

static void it_stays_when_what_is_there_is_what_is_needed(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p = once(&in);

	(void)state;
	assert_plan(&p, 3, DECIDE_STEADY, DECIDE_BY_NOTHING,
		    "web stays at 3: demand of 41.2/s, forecast at most 44.0/s within "
		    "the lead time of 3m10s, needs 3 (capacity 15/s per instance).");
}

static void a_huge_figure_is_short(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 1e308, 1e308);
	p = once(&in);
	assert_non_null(strstr(p.sentence, "demand of 1e+308/s"));
	set_demand(&in, 123456789, 123456789);
	p = once(&in);
	assert_non_null(strstr(p.sentence, "demand of 123456789/s"));
}

static void it_goes_out_for_what_is_forecast(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63);
	p = once(&in);
	assert_plan(&p, 5, DECIDE_FORECAST, DECIDE_BY_FORECAST,
		    "web goes from 3 to 5: demand of 41.2/s is forecast to reach 63.0/s "
		    "within the lead time of 3m10s (capacity 15/s per instance).");
	assert_int_equal(p.needed, 5);
}

/* The figure is that of the demand at its level, and the need what is enough at another.
 */
static void the_sentence_names_the_levels_of_demand_and_need(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 52);
	in.forecast_level = 0.95;
	in.forecast_need = 5;
	in.need_level = 0.9968;
	p = once(&in);
	assert_plan(&p, 5, DECIDE_FORECAST, DECIDE_BY_FORECAST,
		    "web goes from 3 to 5: demand of 41.2/s is forecast to reach 52.0/s "
		    "(95 %) within the lead time of 3m10s, and needs 5, enough with "
		    "99.7 % (capacity 15/s per instance).");
	in.running = in.desired = 5;
	p = once(&in);
	assert_plan(&p, 5, DECIDE_STEADY, DECIDE_BY_NOTHING,
		    "web stays at 5: demand of 41.2/s, forecast at most 52.0/s (95 %) "
		    "within the lead time of 3m10s, needs 5, enough with 99.7 % "
		    "(capacity 15/s per instance).");
}

static void it_goes_out_for_what_is_there_when_that_is_more(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 75.1, 63);
	p = once(&in);
	assert_plan(&p, 6, DECIDE_REACTIVE, DECIDE_BY_DEMAND,
		    "web goes from 3 to 6: demand of 75.1/s needs 6 now, more than was "
		    "forecast (capacity 15/s per instance).");
	in.target_utilisation = 0.5;
	p = once(&in);
	assert_int_equal(p.desired, 11);
}

static void what_is_not_certain_waits_for_the_forecast(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.demand = 75.1; /* a count over seconds, of which less is certain */
	in.demand_sure = 44;
	p = once(&in);
	assert_int_equal(p.desired, 3);
	in.demand_sure = 47;
	p = once(&in);
	assert_plan(&p, 4, DECIDE_REACTIVE, DECIDE_BY_DEMAND,
		    "web goes from 3 to 4: demand of at least 47.0/s needs 4 now, more "
		    "than was "
		    "forecast (capacity 15/s per instance).");
}

static void going_out_waits_until_it_is_worth_an_action(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63);
	/* Three instances change about every 7 / sqrt(3) minutes. */
	in.out_gain = 0.99 * 8 * sqrt(3) / 7;
	p = once(&in);
	assert_plan(
		&p, 3, DECIDE_KEPT, DECIDE_BY_ACTION,
		"web stays at 3: 5 would be safer, but not by so much that it is worth "
		"a change yet.");
	assert_string_equal(decide_binding_name(p.binding), "action-price");
	assert_int_equal(p.needed, 5);
	in.out_gain = 1.01 * 8 * sqrt(3) / 7;
	p = once(&in);
	assert_int_equal(p.desired, 5);
	in.out_gain = 0;
	in.action_price = 0;
	p = once(&in);
	assert_int_equal(p.desired, 5);
	/* What is certain never waits. */
	in.action_price = 1000;
	in.demand_sure = 46;
	p = once(&in);
	assert_plan(&p, 5, DECIDE_FORECAST, DECIDE_BY_FORECAST,
		    "web goes from 3 to 5: demand of 41.2/s is forecast to reach 63.0/s "
		    "within the lead time of 3m10s (capacity 15/s per instance).");
}

static void without_a_forecast_it_reacts_and_never_goes_in(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 75.1, NAN);
	in.fallback_level = NULL;
	p = once(&in);
	assert_plan(&p, 6, DECIDE_REACTIVE, DECIDE_BY_DEMAND,
		    "web goes from 3 to 6: demand of 75.1/s needs 6 now, and there is no "
		    "forecast (capacity 15/s per instance).");
	in.demand = in.demand_sure = 1;
	p = run(&in, &s, 60 * MINUTE);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_NO_FORECAST,
		    "web stays at 3: there is no forecast, so nothing is scaled in.");
}

static void an_exact_fit_needs_no_further_instance(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.capacity = 0.1;
	set_demand(&in, 0.1 * 3, 0.1 * 3);
	p = once(&in);
	assert_int_equal(p.desired, 3);
}

static void stale_demand_does_not_keep_a_forecast_from_scaling_out(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63);
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 2 * MINUTE;
	p = once(&in);
	assert_int_equal(p.desired, 5);
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 60 * MINUTE;
	p = once(&in); /* but an old forecast is none */
	assert_int_equal(p.desired, 3);
	assert_int_equal(p.binding, DECIDE_BY_STALE_DATA);
}

static void bad_data_is_told_when_nothing_would_go_in_anyway(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 2 * MINUTE;
	p = once(&in);
	assert_plan(&p, 3, DECIDE_STEADY, DECIDE_BY_NOTHING,
		    "web stays at 3: demand, forecast at most 44.0/s within the lead "
		    "time of 3m10s, needs 3 (capacity 15/s per instance); demand was "
		    "last measured 2m ago, so nothing is scaled in (stale data).");
}

static void bad_data_is_told_whatever_else_keeps_it(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63);
	in.out_gain = 0;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 2 * MINUTE;
	p = once(&in);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_ACTION,
		    "web stays at 3: 5 would be safer, but not by so much that it is "
		    "worth a change yet; demand was last measured 2m ago, so nothing is "
		    "scaled in (stale data).");
}

static void an_unknown_capacity_changes_nothing(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.capacity = 0;
	set_demand(&in, 500, 500);
	p = once(&in);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_NO_CAPACITY,
		    "web stays at 3: the capacity of an instance is not known.");
}

static void limits_of_going_out_are_told(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150);
	in.step_out_max = 2;
	p = once(&in);
	assert_plan(&p, 5, DECIDE_FORECAST, DECIDE_BY_STEP_OUT,
		    "web goes from 3 to 5: demand of 41.2/s is forecast to reach 150.0/s "
		    "within the lead time of 3m10s (capacity 15/s per instance); 10 are "
		    "needed, but at most 2 may be starting at once.");
	in.step_out_max = 0;
	in.budget = 7;
	in.budget_name = "pool web";
	p = once(&in);
	assert_int_equal(p.desired, 7);
	assert_non_null(
		strstr(p.sentence, "10 are needed, but pool web has room for 7."));
	in.max = 6;
	p = once(&in);
	assert_int_equal(p.binding, DECIDE_BY_MAX);
	assert_non_null(strstr(p.sentence, "10 are needed, but its maximum is 6."));
	in.ceiling = 4;
	in.ceiling_name = "nights";
	p = once(&in);
	assert_int_equal(p.desired, 4);
	assert_int_equal(p.binding, DECIDE_BY_CEILING);
	assert_non_null(strstr(p.sentence, "but schedule 'nights' allows at most 4."));
	in.desired = 12;
	in.budget = 1; /* never takes away what is there */
	in.ceiling = -1;
	in.max = 20;
	p = once(&in);
	assert_int_equal(p.desired, 12);
}

static void instances_that_start_count_against_the_step(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150);
	in.step_out_max = 2;
	in.desired = 5;
	in.starting = 2;
	p = once(&in);
	assert_int_equal(p.desired, 5);
	in.running = 4;
	in.starting = 1;
	p = once(&in);
	assert_int_equal(p.desired, 6);
	/* The other one fails for ever: as many may come as if it were not there. */
	in.starting = 0;
	p = once(&in);
	assert_int_equal(p.desired, 7);
}

static void the_first_decision_starts_from_what_runs(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.desired = -1;
	in.running = 0;
	in.min = 2;
	set_demand(&in, NAN, NAN);
	in.fallback_level = NULL;
	p = once(&in);
	assert_plan(&p, 2, DECIDE_MIN, DECIDE_BY_MIN,
		    "web goes from 0 to 2: its minimum is 2.");
	in.running = 7; /* the database was lost, the tier was not */
	p = once(&in);
	assert_int_equal(p.desired, 7);
}

static void a_prior_lead_time_is_said_to_be_one(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.is_lead_prior = true;
	set_demand(&in, 41.2, 63);
	p = once(&in);
	assert_non_null(strstr(p.sentence,
			       "within the lead time of 3m10s, not measured yet "
			       "(capacity"));
	in.unit = "sessions";
	p = once(&in);
	assert_non_null(strstr(p.sentence, "demand of 41.2 sessions is forecast"));
}

static void a_stated_price_is_told_in_place_of_the_risk(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *forecast;

	(void)state;
	in.price = 20;
	p = once(&in);
	assert_non_null(
		strstr(p.sentence, "a minute short of capacity costs 20 instance-hours"));
	o = decide_explain(&in, &p);
	forecast = json_object_get(o, "forecast");
	assert_close(json_number_value(json_object_get(forecast, "price")), 20, 1e-9);
	assert_true(json_is_null(json_object_get(forecast, "risk")));
}

static void windows_hold_the_largest(void **state)
{
	struct decide_window w = { 0 };

	(void)state;
	assert_int_equal(decide_window_largest(&w, 0, 100), -1);
	decide_window_note(&w, 10, 5);
	decide_window_note(&w, 20, 7);
	decide_window_note(&w, 30, 6);
	assert_int_equal(decide_window_largest(&w, 119, 100), 7);
	assert_int_equal(decide_window_largest(&w, 120, 100), 6);
	assert_int_equal(decide_window_largest(&w, 130, 100), -1);
	decide_window_note(&w, 140, 4);
	assert_int_equal(decide_window_largest(&w, 140, 0), 4); /* at any length */
	decide_window_clear(&w);
	for (int i = 0; i < 1000; i++) /* falling values, more than there are places */
		decide_window_note(&w, i + 1, 1000 - i);
	assert_int_equal(w.n, DECIDE_WINDOW_MAX);
	assert_true(decide_window_largest(&w, 1000, 10) >= 10);
	assert_int_equal(w.since_ms, 1);
}

static void the_tier_that_the_forecast_follows_is_told(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *follows;
	struct decide_plan p;

	(void)state;
	in.follows = "lb";
	in.follows_ahead_ms = 3 * MINUTE;
	in.follows_gain = 0.183;
	in.follows_over_ms = 9 * 24 * 60 * MINUTE + 7 * MINUTE;
	decide(&in, &s, &p);
	assert_non_null(strstr(p.sentence, "; the forecast follows lb, whose demand "
					   "leads by 3m (18 % better over 9d)."));
	o = decide_explain(&in, &p);
	follows = json_object_get(json_object_get(o, "forecast"), "follows");
	assert_string_equal(json_string_value(json_object_get(follows, "tier")), "lb");
	assert_int_equal(json_integer_value(json_object_get(follows, "ahead_ms")),
			 3 * MINUTE);
	assert_int_equal(json_integer_value(json_object_get(follows, "over_ms")),
			 9 * 24 * 60 * MINUTE + 7 * MINUTE);
	assert_close(json_number_value(json_object_get(follows, "gain")), 0.183, 1e-9);
	in.follows_ahead_ms = 0;
	decide(&in, &s, &p);
	assert_non_null(strstr(p.sentence, "; the forecast follows lb (18 % better"));
	in.follows = NULL;
	decide(&in, &s, &p);
	assert_null(strstr(p.sentence, "follows"));
}

static void the_explanation_tells_inputs_forecast_stages_and_sentence(void **state)
{
	struct decide_input in = three_running();
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *inputs, *forecast, *stages;
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150);
	in.step_out_max = 2;
	p = once(&in);
	o = decide_explain(&in, &p);
	inputs = json_object_get(o, "inputs");
	forecast = json_object_get(o, "forecast");
	stages = json_object_get(o, "stages");
	assert_string_equal(json_string_value(json_object_get(o, "sentence")),
			    p.sentence);
	assert_string_equal(json_string_value(json_object_get(o, "binding")), "step-out");
	assert_string_equal(json_string_value(json_object_get(o, "cause")), "forecast");
	assert_string_equal(json_string_value(json_object_get(o, "at")),
			    "2026-09-21T14:13:20.000Z");
	assert_int_equal(json_integer_value(json_object_get(o, "from")), 3);
	assert_int_equal(json_integer_value(json_object_get(o, "to")), 5);
	assert_int_equal(json_integer_value(json_object_get(inputs, "demand_age_ms")),
			 5000);
	assert_true(json_is_null(json_object_get(inputs, "budget")));
	assert_close(json_real_value(json_object_get(forecast, "upper")), 150, 0);
	assert_string_equal(
		json_string_value(json_object_get(forecast, "fallback_level")), "full");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(stages, 0), "name")),
		"current");
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(stages, json_array_size(stages) - 1), "name")),
		"step-out");
	assert_true(json_is_null(json_object_get(o, "hold")));
}

static void nonsense_is_survived(void **state)
{
	struct decide_input in = { .tier = "t", .stack = "s" };
	CLEANUP(json_decref) json_t *o = NULL;
	struct decide_plan p = once(&in);

	(void)state;
	assert_int_equal(p.desired, 0);
	in = three_running();
	in.capacity = 1e-300;
	in.demand = in.demand_sure = 1e300;
	in.forecast_high = 1e308;
	in.max = -1;
	in.min = 30;
	p = once(&in);
	assert_int_equal(p.desired, 1000000);
	o = decide_explain(&in, &p);
	assert_non_null(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_when_what_is_there_is_what_is_needed),
		cmocka_unit_test(a_huge_figure_is_short),
		cmocka_unit_test(it_goes_out_for_what_is_forecast),
		cmocka_unit_test(the_sentence_names_the_levels_of_demand_and_need),
		cmocka_unit_test(it_goes_out_for_what_is_there_when_that_is_more),
		cmocka_unit_test(what_is_not_certain_waits_for_the_forecast),
		cmocka_unit_test(going_out_waits_until_it_is_worth_an_action),
		cmocka_unit_test(without_a_forecast_it_reacts_and_never_goes_in),
		cmocka_unit_test(an_exact_fit_needs_no_further_instance),
		cmocka_unit_test(stale_demand_does_not_keep_a_forecast_from_scaling_out),
		cmocka_unit_test(bad_data_is_told_when_nothing_would_go_in_anyway),
		cmocka_unit_test(bad_data_is_told_whatever_else_keeps_it),
		cmocka_unit_test(an_unknown_capacity_changes_nothing),
		cmocka_unit_test(limits_of_going_out_are_told),
		cmocka_unit_test(instances_that_start_count_against_the_step),
		cmocka_unit_test(the_first_decision_starts_from_what_runs),
		cmocka_unit_test(a_prior_lead_time_is_said_to_be_one),
		cmocka_unit_test(a_stated_price_is_told_in_place_of_the_risk),
		cmocka_unit_test(windows_hold_the_largest),
		cmocka_unit_test(
			the_explanation_tells_inputs_forecast_stages_and_sentence),
		cmocka_unit_test(the_tier_that_the_forecast_follows_is_told),
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
