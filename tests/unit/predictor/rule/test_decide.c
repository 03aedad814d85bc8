/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "decide.h"
#include "text.h"

#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define START (INT64_C(1790000000) * SECOND)

/* web with 3 of 3 running, in mode auto, needing exactly what it has: 15/s
 * an instance. */
static struct decide_input three_running(void)
{
	return (struct decide_input){
		.stack = "shop",
		.tier = "web",
		.now_ms = START,
		.mode = DECIDE_AUTO,
		.min = 1,
		.max = 20,
		.capacity = 15,
		.unit = "/s",
		.risk = 0.005,
		.dwell_ms = 10 * MINUTE,
		.lead_ms = 190 * SECOND,
		.running = 3,
		.desired = 3,
		.desired_since_ms = START - 60 * MINUTE,
		.demand = 41.2,
		.demand_at_ms = START - 5 * SECOND,
		.stale_after_ms = MINUTE,
		.forecast_mid = 41,
		.forecast_high = 44,
		.forecast_high_dwell = 44.5,
		.forecast_at_ms = START - 5 * SECOND,
		.fallback_level = "full",
		.fallback_reason = "a week of history",
		.floor = -1,
		.ceiling = -1,
		.budget = -1,
	};
}

static void set_demand(struct decide_input *in, double demand, double high,
		       double high_dwell)
{
	in->demand = demand;
	in->forecast_mid = in->forecast_high = high;
	in->forecast_high_dwell = high_dwell;
}

/* Lets time pass with a tick every ten seconds; returns the last plan. */
static struct decide_plan run(struct decide_input *in, struct decide_state *s,
			      int64_t for_ms)
{
	int64_t end = in->now_ms + for_ms;
	struct decide_plan p;

	for (;;) {
		decide(in, s, &p);
		if (p.desired != in->desired)
			in->desired_since_ms = in->now_ms;
		in->desired = in->running = p.desired;
		if (in->now_ms >= end)
			return p;
		in->now_ms += 10 * SECOND;
		in->demand_at_ms += 10 * SECOND;
		in->forecast_at_ms += 10 * SECOND;
	}
}

static struct decide_plan once(const struct decide_input *in)
{
	struct decide_state s = { 0 };
	struct decide_plan p;

	decide(in, &s, &p);
	return p;
}

static void assert_plan(const struct decide_plan *p, int64_t desired,
			enum decide_cause cause, enum decide_binding binding,
			const char *sentence)
{
	if (p->desired != desired || p->cause != cause || p->binding != binding ||
	    strcmp(p->sentence, sentence) != 0)
		fail_msg("%lld (%s, %s): %s\nwanted %lld (%s, %s): %s",
			 (long long)p->desired, decide_cause_name(p->cause),
			 decide_binding_name(p->binding), p->sentence, (long long)desired,
			 decide_cause_name(cause), decide_binding_name(binding),
			 sentence);
}

static void it_stays_when_what_is_there_is_what_is_needed(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p = once(&in);

	(void)state;
	assert_plan(&p, 3, DECIDE_STEADY, DECIDE_BY_NOTHING,
		    "web stays at 3: demand of 41.2/s, forecast at most 44.0/s within "
		    "the lead time of 3m10s, needs 3 (capacity 15/s per instance).");
}

static void it_goes_out_for_what_is_forecast(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63, 64);
	p = once(&in);
	assert_plan(&p, 5, DECIDE_FORECAST, DECIDE_BY_FORECAST,
		    "web goes from 3 to 5: demand of 41.2/s is forecast to reach 63.0/s "
		    "within the lead time of 3m10s (capacity 15/s per instance).");
	assert_int_equal(p.needed, 5);
}

static void it_goes_out_for_what_is_there_when_that_is_more(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 75.1, 63, 64);
	p = once(&in);
	assert_plan(&p, 6, DECIDE_REACTIVE, DECIDE_BY_DEMAND,
		    "web goes from 3 to 6: demand of 75.1/s needs 6 now, more than was "
		    "forecast (capacity 15/s per instance).");
	in.target_utilisation = 0.5;
	p = once(&in);
	assert_int_equal(p.desired, 11);
}

static void without_a_forecast_it_reacts_and_never_goes_in(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 75.1, NAN, NAN);
	in.fallback_level = NULL;
	p = once(&in);
	assert_plan(&p, 6, DECIDE_REACTIVE, DECIDE_BY_DEMAND,
		    "web goes from 3 to 6: demand of 75.1/s needs 6 now, and there is no "
		    "forecast (capacity 15/s per instance).");
	in.demand = 1;
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
	set_demand(&in, 0.1 * 3, 0.1 * 3, 0.1 * 3);
	p = once(&in);
	assert_int_equal(p.desired, 3);
}

static void what_was_needed_is_held_for_a_lead_time(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41, 63, 63);
	in.max = 4; /* 5 are needed, 4 are had */
	p = run(&in, &s, 0);
	assert_int_equal(p.desired, 4);
	set_demand(&in, 41, 44, 44);
	in.max = 20;
	in.now_ms += 100 * SECOND;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms;
	p = run(&in, &s, 0);
	assert_plan(&p, 5, DECIDE_HELD, DECIDE_BY_BOOT_HOLD,
		    "web goes from 4 to 5: 5 were needed within the last 3m10s (one lead "
		    "time).");
}

static void it_goes_in_only_when_less_sufficed_for_the_whole_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	run(&in, &s, 20 * MINUTE);
	assert_int_equal(in.desired, 3);
	set_demand(&in, 20, 25, 28);
	p = run(&in, &s, 4 * MINUTE);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_DWELL,
		    "web stays at 3: 2 would suffice now, but 3 were needed within the "
		    "last 10m.");
	p = run(&in, &s, 6 * MINUTE);
	assert_int_equal(p.desired, 3);
	p = run(&in, &s, 0);
	in.now_ms += 10 * SECOND;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 5 * SECOND;
	p = run(&in, &s, 0);
	assert_plan(&p, 2, DECIDE_FELL, DECIDE_BY_FORECAST,
		    "web goes from 3 to 2: demand of 20.0/s is forecast to stay below "
		    "28.0/s for the next 13m10s, as it has been for 10m (capacity 15/s "
		    "per instance).");
}

static void without_a_past_it_waits_out_a_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 20, 25, 28);
	p = run(&in, &s, 4 * MINUTE);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_DWELL,
		    "web stays at 3: 2 would suffice now, but fewer must suffice for 10m "
		    "before any is removed (6m left).");
	p = run(&in, &s, 6 * MINUTE);
	assert_int_equal(p.desired, 2);
}

static void it_does_not_go_in_before_a_rise_that_comes_within_the_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 20, 25, 44);
	p = run(&in, &s, 60 * MINUTE);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_DWELL,
		    "web stays at 3: 2 would suffice now, but demand may reach 44.0/s "
		    "within the next 13m10s.");
}

/* Brings a tier to where it would go in at the next tick. */
static struct decide_input about_to_go_in(struct decide_state *s)
{
	struct decide_input in = three_running();

	*s = (struct decide_state){ 0 };
	set_demand(&in, 20, 25, 28);
	run(&in, s, 10 * MINUTE - 10 * SECOND);
	assert_int_equal(in.desired, 3);
	in.now_ms += 10 * SECOND;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms - 5 * SECOND;
	return in;
}

static void it_goes_in_after_that_preparation(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s);
	struct decide_plan p;

	(void)state;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 2);
}

static void it_never_goes_in_without_good_data(void **state)
{
	static const struct {
		double demand;
		int64_t age_ms;
		const char *distrust;
		bool stateful;
		enum decide_binding binding;
		const char *sentence;
	} cases[] = {
		{ NAN, 0, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ -1, 0, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ INFINITY, 0, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ 20, 2 * MINUTE, NULL, false, DECIDE_BY_STALE_DATA,
		  "web stays at 3: demand was last measured 2m ago, so nothing is scaled "
		  "in (stale data)." },
		{ 20, 0, "the inventory shrank from 9 to 2 hosts", false,
		  DECIDE_BY_DISTRUST,
		  "web stays at 3: the inventory shrank from 9 to 2 hosts, so nothing is "
		  "scaled in." },
		{ 20, 0, NULL, true, DECIDE_BY_STATEFUL,
		  "web stays at 3: 2 would suffice, but a stateful tier is not scaled in "
		  "automatically." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct decide_state s;
		struct decide_input in = about_to_go_in(&s);
		struct decide_plan p;

		in.demand = cases[i].demand;
		in.demand_at_ms = in.now_ms - cases[i].age_ms;
		in.distrust = cases[i].distrust;
		in.stateful = cases[i].stateful;
		decide(&in, &s, &p);
		assert_plan(&p, 3, DECIDE_KEPT, cases[i].binding, cases[i].sentence);
		in.max = 1; /* not even for that */
		decide(&in, &s, &p);
		assert_int_equal(p.desired, 3);
	}
}

static void a_persons_maximum_needs_no_forecast(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s);
	struct decide_plan p;

	(void)state;
	in.forecast_high = in.forecast_high_dwell = NAN;
	in.max = 2;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 2);
	assert_string_equal(p.sentence, "web goes from 3 to 2: its maximum is 2.");
	in.capacity = 0; /* scaled by hand */
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 2);
	in.distrust = "the inventory shrank from 9 to 2 hosts";
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 3);
}

static void a_gap_in_the_data_begins_the_dwell_anew(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s);
	struct decide_plan p;

	(void)state;
	in.demand_at_ms = in.now_ms - 2 * MINUTE;
	decide(&in, &s, &p);
	in.demand_at_ms = in.now_ms;
	p = run(&in, &s, 9 * MINUTE);
	assert_int_equal(p.desired, 3);
	p = run(&in, &s, MINUTE);
	assert_int_equal(p.desired, 2);

	in = about_to_go_in(&s);
	in.now_ms += 2 * MINUTE; /* the controller was away */
	in.demand_at_ms = in.forecast_at_ms = in.now_ms;
	p = run(&in, &s, 9 * MINUTE);
	assert_int_equal(p.desired, 3);
}

static void stale_demand_does_not_keep_a_forecast_from_scaling_out(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 63, 64);
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

static void an_unknown_capacity_changes_nothing(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.capacity = 0;
	set_demand(&in, 500, 500, 500);
	p = once(&in);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_NO_CAPACITY,
		    "web stays at 3: the capacity of an instance is not known.");
}

static void limits_of_going_out_are_told(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150, 150);
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
	assert_non_null(strstr(p.sentence, "but schedule 'nights' allows 4."));
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
	set_demand(&in, 41.2, 150, 150);
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

static void going_in_keeps_to_its_step_for_a_whole_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	in.desired = in.running = 10;
	in.step_in_max = 2;
	set_demand(&in, 20, 25, 28);
	p = run(&in, &s, 10 * MINUTE);
	assert_plan(&p, 8, DECIDE_FELL, DECIDE_BY_STEP_IN,
		    "web goes from 10 to 8: demand of 20.0/s is forecast to stay below "
		    "28.0/s for the next 13m10s, as it has been for 10m (capacity 15/s "
		    "per instance); at most 2 may be removed within 10m.");
	in.now_ms += 10 * SECOND;
	in.demand_at_ms = in.forecast_at_ms = in.now_ms;
	p = run(&in, &s, 9 * MINUTE);
	assert_plan(&p, 8, DECIDE_KEPT, DECIDE_BY_STEP_IN,
		    "web stays at 8: 2 would suffice, but at most 2 may be removed "
		    "within 10m.");
	p = run(&in, &s, MINUTE);
	assert_int_equal(p.desired, 6);
}

static void the_operators_bounds_are_obeyed(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.min = 4;
	p = once(&in);
	assert_plan(&p, 4, DECIDE_MIN, DECIDE_BY_MIN,
		    "web goes from 3 to 4: its minimum is 4.");
	in.min = 1;
	in.max = 2;
	p = once(&in);
	assert_plan(&p, 2, DECIDE_MAX, DECIDE_BY_MAX,
		    "web goes from 3 to 2: its maximum is 2.");
	in.min = 3;
	in.max = -1;
	set_demand(&in, 1, 2, 3);
	p = once(&in);
	assert_plan(&p, 3, DECIDE_STEADY, DECIDE_BY_MIN,
		    "web stays at 3: demand of 1.00/s, forecast at most 2.00/s within "
		    "the lead time of 3m10s, needs 1 (capacity 15/s per instance); its "
		    "minimum is 3.");
}

static void schedules_raise_and_lower(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.floor = 6;
	in.floor_name = "office";
	p = once(&in);
	assert_plan(&p, 6, DECIDE_SCHEDULE, DECIDE_BY_FLOOR,
		    "web goes from 3 to 6: schedule 'office' requires at least 6.");
	in.max = 5; /* which no schedule passes */
	p = once(&in);
	assert_int_equal(p.desired, 5);
	in.floor = -1;
	in.max = 20;
	in.ceiling = 2;
	in.ceiling_name = "nights";
	p = once(&in);
	assert_plan(&p, 2, DECIDE_SCHEDULE, DECIDE_BY_CEILING,
		    "web goes from 3 to 2: schedule 'nights' allows at most 2.");
	in.floor = 3; /* a floor is stronger than a ceiling */
	p = once(&in);
	assert_int_equal(p.desired, 3);
}

static void observing_says_what_it_would_do(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.mode = DECIDE_OBSERVE;
	set_demand(&in, 41.2, 63, 64);
	p = once(&in);
	assert_plan(&p, 3, DECIDE_FORECAST, DECIDE_BY_MODE,
		    "web stays at 3 in mode observe; it would go to 5: demand of 41.2/s "
		    "is forecast to reach 63.0/s within the lead time of 3m10s (capacity "
		    "15/s per instance).");
	assert_int_equal(p.would, 5);
	in.min = 4;
	p = once(&in);
	assert_int_equal(p.desired, 4);
	in.floor = 10;
	in.floor_name = "x";
	p = once(&in);
	assert_int_equal(p.desired, 4);
	in.max = 2;
	in.min = 0;
	p = once(&in);
	assert_int_equal(p.desired, 2);
}

static void mode_out_never_goes_in(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s);
	struct decide_plan p;

	(void)state;
	in.mode = DECIDE_OUT;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 3);
	assert_int_equal(p.would, 2);
	assert_int_equal(p.binding, DECIDE_BY_MODE);
	assert_non_null(strstr(p.sentence,
			       "web stays at 3 in mode out, which never scales in; "
			       "it would go to 2: "));
	in.max = 1;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 3);
	set_demand(&in, 41.2, 63, 64);
	in.max = 20;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 5);
}

/* Cut to their places in the sentence they end inside a character, if it is by bytes. */
static void long_words_of_a_hold_are_cut_between_characters(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;
	CLEANUP(json_decref) json_t *explanation = NULL;
	char owner[142] = "x", reason[302] = "x";
	const char *sentence;

	(void)state;
	for (size_t i = 0; i < 70; i++)
		memcpy(owner + 1 + 2 * i, "\u00f6", 3);
	for (size_t i = 0; i < 150; i++)
		memcpy(reason + 1 + 2 * i, "\u00e9", 3);
	in.hold_owner = owner;
	in.hold_reason = reason;
	p = once(&in);
	explanation = decide_explain(&in, &p);
	sentence = json_string_value(json_object_get(explanation, "sentence"));
	assert_non_null(sentence);
	assert_string_equal(sentence, p.sentence);
	assert_null(strchr(sentence, '?'));
	assert_int_equal(strlen(sentence),
			 strlen("web stays at 3, on hold by  ().") + 59 + 119);
}

static void a_hold_holds_against_everything(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.hold_owner = "ann";
	in.hold_reason = "migration";
	in.hold_until_ms = START + 60 * MINUTE;
	p = once(&in);
	assert_plan(&p, 3, DECIDE_STEADY, DECIDE_BY_HOLD,
		    "web stays at 3, on hold by ann until 2026-09-21T15:13:20.000Z "
		    "(migration).");
	set_demand(&in, 41.2, 63, 64);
	in.hold_until_ms = 0;
	in.hold_reason = NULL;
	p = once(&in);
	assert_plan(&p, 3, DECIDE_FORECAST, DECIDE_BY_HOLD,
		    "web stays at 3, on hold by ann; it would go to 5: demand of 41.2/s "
		    "is forecast to reach 63.0/s within the lead time of 3m10s (capacity "
		    "15/s per instance).");
	in.min = 9;
	p = once(&in);
	assert_int_equal(p.desired, 3);
	in.max = in.min = 1;
	p = once(&in);
	assert_int_equal(p.desired, 3);
}

static void the_first_decision_starts_from_what_runs(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.desired = -1;
	in.running = 0;
	in.min = 2;
	set_demand(&in, NAN, NAN, NAN);
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
	set_demand(&in, 41.2, 63, 64);
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
	assert_int_equal(decide_window_largest(&w, 120, 100), 7);
	assert_int_equal(decide_window_largest(&w, 121, 100), 6);
	assert_int_equal(decide_window_largest(&w, 131, 100), -1);
	decide_window_clear(&w);
	for (int i = 0; i < 1000; i++) /* falling values, more than there are places */
		decide_window_note(&w, i + 1, 1000 - i);
	assert_int_equal(w.n, DECIDE_WINDOW_MAX);
	assert_true(decide_window_largest(&w, 1000, 10) >= 10);
	assert_int_equal(w.since_ms, 1);
}

static void the_explanation_tells_inputs_forecast_stages_and_sentence(void **state)
{
	struct decide_input in = three_running();
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *inputs, *forecast, *stages;
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150, 150);
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
	in.demand = 1e300;
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
		cmocka_unit_test(it_goes_out_for_what_is_forecast),
		cmocka_unit_test(it_goes_out_for_what_is_there_when_that_is_more),
		cmocka_unit_test(without_a_forecast_it_reacts_and_never_goes_in),
		cmocka_unit_test(an_exact_fit_needs_no_further_instance),
		cmocka_unit_test(what_was_needed_is_held_for_a_lead_time),
		cmocka_unit_test(it_goes_in_only_when_less_sufficed_for_the_whole_dwell),
		cmocka_unit_test(without_a_past_it_waits_out_a_dwell),
		cmocka_unit_test(
			it_does_not_go_in_before_a_rise_that_comes_within_the_dwell),
		cmocka_unit_test(it_goes_in_after_that_preparation),
		cmocka_unit_test(it_never_goes_in_without_good_data),
		cmocka_unit_test(a_persons_maximum_needs_no_forecast),
		cmocka_unit_test(a_gap_in_the_data_begins_the_dwell_anew),
		cmocka_unit_test(stale_demand_does_not_keep_a_forecast_from_scaling_out),
		cmocka_unit_test(bad_data_is_told_when_nothing_would_go_in_anyway),
		cmocka_unit_test(an_unknown_capacity_changes_nothing),
		cmocka_unit_test(limits_of_going_out_are_told),
		cmocka_unit_test(instances_that_start_count_against_the_step),
		cmocka_unit_test(going_in_keeps_to_its_step_for_a_whole_dwell),
		cmocka_unit_test(the_operators_bounds_are_obeyed),
		cmocka_unit_test(schedules_raise_and_lower),
		cmocka_unit_test(observing_says_what_it_would_do),
		cmocka_unit_test(mode_out_never_goes_in),
		cmocka_unit_test(a_hold_holds_against_everything),
		cmocka_unit_test(long_words_of_a_hold_are_cut_between_characters),
		cmocka_unit_test(the_first_decision_starts_from_what_runs),
		cmocka_unit_test(a_prior_lead_time_is_said_to_be_one),
		cmocka_unit_test(a_stated_price_is_told_in_place_of_the_risk),
		cmocka_unit_test(windows_hold_the_largest),
		cmocka_unit_test(
			the_explanation_tells_inputs_forecast_stages_and_sentence),
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
