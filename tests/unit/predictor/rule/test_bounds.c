/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator and schedules allow: bounds, modes, holds. */
#include "check.h"
#include "decide_fixture.h"

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
	set_demand(&in, 1, 2);
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
}

/* Which of two that contradict each other wins, and that it is told. */
static void contradictions_are_named(void **state)
{
	static const struct {
		int64_t min, max, floor, ceiling, from, desired;
		enum decide_binding binding;
		const char *words;
	} cases[] = {
		{ 1, 5, 12, -1, 3, 5, DECIDE_BY_MAX,
		  "web goes from 3 to 5: schedule 'day' asks for 12, but its maximum is "
		  "5." },
		{ 1, 5, 12, -1, 5, 5, DECIDE_BY_MAX,
		  "; schedule 'day' asks for 12, but its maximum is 5." },
		{ 4, 20, -1, 2, 3, 4, DECIDE_BY_MIN,
		  "web goes from 3 to 4: its minimum is 4, though schedule 'night' "
		  "allows "
		  "at most 2." },
		{ 4, 20, -1, 2, 6, 4, DECIDE_BY_MIN,
		  "web goes from 6 to 4: schedule 'night' allows at most 2, but its "
		  "minimum "
		  "is 4." },
		{ 1, 20, 4, 2, 6, 4, DECIDE_BY_FLOOR,
		  "web goes from 6 to 4: schedule 'night' allows at most 2, but schedule "
		  "'day' requires at least 4." },
		{ 1, 20, 4, 2, 3, 4, DECIDE_BY_FLOOR,
		  "web goes from 3 to 4: schedule 'day' requires at least 4, though "
		  "schedule 'night' allows at most 2." },
		{ 0, 3, 4, 2, 6, 3, DECIDE_BY_MAX,
		  "web goes from 6 to 3: its maximum is 3." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct decide_input in = three_running();
		struct decide_plan p;

		in.min = cases[i].min;
		in.max = cases[i].max;
		in.floor = cases[i].floor;
		in.ceiling = cases[i].ceiling;
		in.floor_name = "day";
		in.ceiling_name = "night";
		in.running = in.desired = cases[i].from;
		p = once(&in);
		assert_int_equal(p.desired, cases[i].desired);
		assert_int_equal(p.binding, cases[i].binding);
		if (!strstr(p.sentence, cases[i].words))
			fail_msg("%zu: %s", i, p.sentence);
	}
}

static void need_above_contradicting_bounds_is_told(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 41.2, 150);
	in.min = 4;
	in.ceiling = 2;
	in.ceiling_name = "night";
	p = once(&in);
	assert_int_equal(p.desired, 4);
	assert_non_null(strstr(p.sentence, "; 10 are needed; schedule 'night' allows at "
					   "most 2, but its minimum is 4."));
}

/* What may be wrong with a tier's data, and nevertheless a person's maximum is obeyed. */
static void spoil(struct decide_input *in, int how)
{
	switch (how) {
	case 0:
		return;
	case 1: /* scaled by hand */
		in->capacity = 0;
		in->demand = NAN;
		return;
	case 2:
		in->demand = NAN;
		return;
	case 3:
		in->demand_at_ms = in->now_ms - 60 * MINUTE;
		return;
	case 4:
		in->missing = "no metrics from web@2.service on host h for 95 s";
		return;
	case 5:
		in->forecast_high = NAN;
		in->fallback_level = NULL;
		return;
	case 6:
		in->stateful = true;
		return;
	default:
		set_demand(in, 900, 900);
	}
}

static void a_persons_maximum_is_obeyed_whatever_is_measured(void **state)
{
	(void)state;
	for (int mode = DECIDE_OBSERVE; mode <= DECIDE_AUTO; mode++) {
		for (int how = 0; how < 8; how++) {
			struct decide_input in = three_running();
			struct decide_plan p;

			in.mode = (enum decide_mode)mode;
			in.running = in.desired = 5;
			in.max = 2;
			spoil(&in, how);
			p = once(&in);
			assert_plan(&p, 2, DECIDE_MAX, DECIDE_BY_MAX,
				    "web goes from 5 to 2: its maximum is 2.");
			in.max = 20;
			in.ceiling = 2;
			in.ceiling_name = "night";
			p = once(&in);
			assert_plan(&p, 2, DECIDE_SCHEDULE, DECIDE_BY_CEILING,
				    "web goes from 5 to 2: schedule 'night' allows at "
				    "most 2.");
			in.distrust = "the store cannot be read";
			p = once(&in);
			assert_int_equal(p.desired, 5);
			assert_non_null(strstr(p.sentence,
					       "schedule 'night' allows at most 2, which "
					       "waits: the store cannot be read, so "
					       "nothing is scaled in"));
			in.distrust = NULL;
			in.hold_owner = "ann";
			p = once(&in);
			assert_plan(&p, 5, DECIDE_SCHEDULE, DECIDE_BY_HOLD,
				    "web stays at 5, on hold by ann; it would go to 2: "
				    "schedule 'night' allows at most 2.");
		}
	}
}

static void a_minimum_is_obeyed_whatever_is_measured(void **state)
{
	(void)state;
	for (int mode = DECIDE_OBSERVE; mode <= DECIDE_AUTO; mode++) {
		for (int how = 0; how < 7; how++) {
			struct decide_input in = three_running();
			struct decide_plan p;

			in.mode = (enum decide_mode)mode;
			in.min = 5;
			in.distrust = how % 2 ? "the store cannot be read" : NULL;
			spoil(&in, how);
			p = once(&in);
			assert_plan(&p, 5, DECIDE_MIN, DECIDE_BY_MIN,
				    "web goes from 3 to 5: its minimum is 5.");
			in.min = 1;
			in.floor = 5;
			in.floor_name = "office";
			p = once(&in);
			assert_plan(&p, 5, DECIDE_SCHEDULE, DECIDE_BY_FLOOR,
				    "web goes from 3 to 5: schedule 'office' requires at "
				    "least 5.");
		}
	}
}

/* Both bounds are reached in steps, where the tier has them. */
static void bounds_are_reached_in_steps(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	in.min = 5;
	in.step_out_max = 1;
	decide(&in, &s, &p);
	assert_plan(&p, 4, DECIDE_MIN, DECIDE_BY_STEP_OUT,
		    "web goes from 3 to 4: its minimum is 5; at most 1 may be starting "
		    "at once.");
	in.desired = 4;
	in.starting = 1;
	decide(&in, &s, &p);
	assert_plan(&p, 4, DECIDE_MIN, DECIDE_BY_STEP_OUT,
		    "web stays at 4: its minimum is 5; at most 1 may be starting at "
		    "once.");
	in.starting = 0;
	in.running = 4;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 5);

	in = three_running();
	in.running = in.desired = 5;
	in.max = 2;
	in.step_in_max = 2;
	decide(&in, &s, &p);
	assert_plan(&p, 3, DECIDE_MAX, DECIDE_BY_STEP_IN,
		    "web goes from 5 to 3: its maximum is 2; at most 2 may be removed "
		    "within 10m.");
	in.running = in.desired = 3;
	pass(&in, 10 * MINUTE - SECOND);
	decide(&in, &s, &p);
	assert_plan(&p, 3, DECIDE_MAX, DECIDE_BY_STEP_IN,
		    "web stays at 3: its maximum is 2; at most 2 may be removed within "
		    "10m.");
	pass(&in, SECOND);
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 2);
}

/* However they are spread, no dwell at all has more than the limit. */
static void a_step_in_is_the_limit_of_any_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	int64_t gone_ms[60];
	size_t n = 0;

	(void)state;
	in.running = in.desired = 60;
	in.capacity = 0;
	in.step_in_max = 3;
	for (int tick = 0; in.desired > 0; tick++) {
		struct decide_plan p;

		/* The person lowers it one at a time, at no even pace. */
		in.max = MAX(60 - tick / 7 - tick / 11, 0);
		in.min = 0;
		decide(&in, &s, &p);
		for (; in.desired > p.desired; in.desired--)
			gone_ms[n++] = in.now_ms;
		pass(&in, 10 * SECOND);
	}
	assert_int_equal(n, 60);
	for (size_t i = 3; i < n; i++)
		assert_true(gone_ms[i] - gone_ms[i - 3] >= in.dwell_ms);
}

static void observing_says_what_it_would_do(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.mode = DECIDE_OBSERVE;
	set_demand(&in, 41.2, 63);
	p = once(&in);
	assert_plan(&p, 3, DECIDE_FORECAST, DECIDE_BY_MODE,
		    "web stays at 3 in mode observe; it would go to 5: demand of 41.2/s "
		    "is forecast to reach 63.0/s within the lead time of 3m10s (capacity "
		    "15/s per instance).");
	assert_int_equal(p.would, 5);
	in.min = 4;
	p = once(&in);
	assert_plan(&p, 4, DECIDE_MIN, DECIDE_BY_MIN,
		    "web goes from 3 to 4: its minimum is 4; without mode observe it "
		    "would go to 5: demand of 41.2/s is forecast to reach 63.0/s within "
		    "the lead time of 3m10s (capacity 15/s per instance).");
}

static void mode_out_never_goes_in_by_demand(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	in.mode = DECIDE_OUT;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 3);
	assert_int_equal(p.would, 2);
	assert_int_equal(p.binding, DECIDE_BY_MODE);
	assert_non_null(strstr(p.sentence,
			       "web stays at 3 in mode out, which never scales in by "
			       "demand; it would go to 2: "));
	in.running = in.desired = 6;
	in.max = 5;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 5);
	assert_int_equal(p.binding, DECIDE_BY_MAX);
	set_demand(&in, 41.2, 93);
	in.max = 20;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 7);
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
	set_demand(&in, 41.2, 63);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_operators_bounds_are_obeyed),
		cmocka_unit_test(schedules_raise_and_lower),
		cmocka_unit_test(contradictions_are_named),
		cmocka_unit_test(need_above_contradicting_bounds_is_told),
		cmocka_unit_test(a_persons_maximum_is_obeyed_whatever_is_measured),
		cmocka_unit_test(a_minimum_is_obeyed_whatever_is_measured),
		cmocka_unit_test(bounds_are_reached_in_steps),
		cmocka_unit_test(a_step_in_is_the_limit_of_any_dwell),
		cmocka_unit_test(observing_says_what_it_would_do),
		cmocka_unit_test(mode_out_never_goes_in_by_demand),
		cmocka_unit_test(a_hold_holds_against_everything),
		cmocka_unit_test(long_words_of_a_hold_are_cut_between_characters),
	};

	return cmocka_run_group_tests_name("decide_bounds", tests, NULL, NULL);
}
