/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator and schedules allow: bounds, modes, holds. */
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
	in.floor = 3; /* a floor is stronger than a ceiling */
	p = once(&in);
	assert_int_equal(p.desired, 3);
}

static void a_persons_maximum_needs_no_forecast(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	in.forecast_high = NAN;
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
	struct decide_input in = about_to_go_in(&s, 3);
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
	set_demand(&in, 41.2, 63);
	in.max = 20;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 5);
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
		cmocka_unit_test(a_persons_maximum_needs_no_forecast),
		cmocka_unit_test(observing_says_what_it_would_do),
		cmocka_unit_test(mode_out_never_goes_in),
		cmocka_unit_test(a_hold_holds_against_everything),
		cmocka_unit_test(long_words_of_a_hold_are_cut_between_characters),
	};

	return cmocka_run_group_tests_name("decide_bounds", tests, NULL, NULL);
}
