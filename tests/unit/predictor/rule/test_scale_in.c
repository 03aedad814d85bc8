/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which instances go, and when. */
#include "decide_fixture.h"

#include "check.h"

static void it_goes_in_when_fewer_sufficed_for_the_whole_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	run(&in, &s, 20 * MINUTE);
	assert_int_equal(in.desired, 3);
	set_demand(&in, 20, 28);
	p = run(&in, &s, 4 * MINUTE);
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_DWELL,
		    "web stays at 3: 2 would do, but 3 were needed within the last 10m.");
	p = run(&in, &s, 6 * MINUTE - 10 * SECOND);
	assert_int_equal(p.desired, 3);
	pass(&in, 10 * SECOND);
	p = run(&in, &s, 0);
	assert_plan(
		&p, 2, DECIDE_FELL, DECIDE_BY_FORECAST,
		"web goes from 3 to 2: demand of 20.0/s needs 2, and 3 will likely not "
		"be needed again for 1h; letting 1 go saves 60 instance-minutes and "
		"costs 12 (capacity 15/s per instance).");
}

static void without_a_past_it_waits_out_a_dwell(void **state)
{
	struct decide_input in = three_running();
	struct decide_state s = { 0 };
	struct decide_plan p;

	(void)state;
	set_demand(&in, 20, 28);
	p = run(&in, &s, 4 * MINUTE);
	assert_plan(
		&p, 3, DECIDE_KEPT, DECIDE_BY_DWELL,
		"web stays at 3: 2 would do, but nothing is removed before fewer have "
		"sufficed for 10m.");
	p = run(&in, &s, 6 * MINUTE);
	assert_int_equal(p.desired, 2);
}

/* Nine of which seven are needed; the eighth again after 14 minutes, the ninth after 26
 * and a half. A boot is 190 s, and a minute of notice. */
static struct decide_input nine_running(struct decide_state *s)
{
	struct decide_input in = about_to_go_in(s, 9);

	*s = (struct decide_state){ 0 };
	set_demand(&in, 95, 100);
	in.again_near = 92;
	in.again_far = 116;
	decide(&in, s, &(struct decide_plan){ 0 });
	pass(&in, MINUTE);
	in.dwell_ms = MINUTE;
	return in;
}

static void it_goes_in_when_that_saves_more_than_it_costs(void **state)
{
	struct decide_state s;
	struct decide_input in = nine_running(&s);
	struct decide_plan p;

	(void)state;
	decide(&in, &s, &p);
	assert_plan(
		&p, 7, DECIDE_FELL, DECIDE_BY_FORECAST,
		"web goes from 9 to 7: demand of 95.0/s needs 7, and 8 will likely not "
		"be needed again for 14m; letting 2 go saves 40 instance-minutes and "
		"costs 16 (capacity 15/s per instance).");
	assert_int_equal(p.in_count, 2);
	assert_close(p.in_saves, 26.5 + 14, 1e-9);
	assert_close(p.in_costs, 2 * 250 / 60.0 + 8, 1e-9);
	assert_int_equal(p.in_again_ms, 14 * MINUTE);
}

static void it_stays_when_that_saves_less_than_an_action_costs(void **state)
{
	struct decide_state s;
	struct decide_input in = nine_running(&s);
	struct decide_plan p;
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *scale_in;

	(void)state;
	in.action_price = 40;
	decide(&in, &s, &p);
	assert_plan(
		&p, 9, DECIDE_KEPT, DECIDE_BY_AGAIN,
		"web stays at 9: 7 would do, but 8 will be needed again in about 14m; "
		"letting 2 go would save 40 instance-minutes and cost 48.");
	assert_string_equal(decide_binding_name(p.binding), "needed-again");
	o = decide_explain(&in, &p);
	scale_in = json_object_get(o, "scale_in");
	assert_int_equal(json_integer_value(json_object_get(scale_in, "count")), 2);
	assert_close(json_real_value(json_object_get(scale_in, "saves_min")), 40.5, 1e-9);
	assert_close(json_real_value(json_object_get(scale_in, "costs_min")),
		     2 * 250 / 60.0 + 40, 1e-9);
	assert_int_equal(json_integer_value(json_object_get(scale_in, "again_ms")),
			 14 * MINUTE);
	in.action_price = 1e6;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 9);
	assert_int_equal(p.binding, DECIDE_BY_AGAIN);
}

static void only_those_go_that_save_more_than_their_boot(void **state)
{
	struct decide_state s;
	struct decide_input in = nine_running(&s);
	struct decide_plan p;

	(void)state;
	/* The eighth is likely needed within the lead time, the ninth is not. */
	in.again_near = in.again_far = 106;
	in.action_price = 0;
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 8);
	assert_int_equal(p.in_count, 1);
	/* And again in less than a boot and the notice, 250 s. */
	s = (struct decide_state){ 0 };
	in = nine_running(&s);
	in.action_price = 0;
	in.again_near = 104;
	in.again_far = 104 + 1.01 * 20; /* after 190 + 1200 / 20.2 = 249.4 s */
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 8);
	in.again_far = 104 + 0.99 * 20;
	s = (struct decide_state){ 0 };
	decide(&in, &s, &p);
	pass(&in, MINUTE);
	decide(&in, &s, &p);
	assert_int_equal(p.desired, 7);
}

static void what_may_be_needed_within_the_lead_time_stays(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	in.again_near = 31;
	in.action_price = 0;
	decide(&in, &s, &p);
	assert_plan(
		&p, 3, DECIDE_KEPT, DECIDE_BY_AGAIN,
		"web stays at 3: 2 would do, but 3 may be needed again within the lead "
		"time of 3m10s; letting 1 go would save 0 instance-minutes and cost 4.");
}

static void an_event_to_come_is_told(void **state)
{
	struct decide_state s;
	struct decide_input in = nine_running(&s);
	struct decide_plan p;

	(void)state;
	in.events_far =
		(struct decide_events){ .names = { "sale" }, .n = 1, .uplift = 1.5 };
	in.action_price = 40;
	decide(&in, &s, &p);
	assert_plan(
		&p, 9, DECIDE_KEPT, DECIDE_BY_AGAIN,
		"web stays at 9: 7 would do, but 8 will be needed again in about 14m, "
		"with event 'sale' expected to multiply demand by 1.5; letting 2 go "
		"would save 40 instance-minutes and cost 48.");
}

static void it_keeps_to_its_step_for_a_whole_dwell(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 10);
	struct decide_plan p;

	(void)state;
	in.step_in_max = 2;
	p = run(&in, &s, 0);
	assert_plan(&p, 8, DECIDE_FELL, DECIDE_BY_STEP_IN,
		    "web goes from 10 to 8: demand of 20.0/s needs 2, and 3 will likely "
		    "not be needed again for 1h; letting 8 go saves 480 instance-minutes "
		    "and costs 41 (capacity 15/s per instance); at most 2 may be removed "
		    "within 10m.");
	pass(&in, 10 * SECOND);
	p = run(&in, &s, 9 * MINUTE);
	assert_plan(&p, 8, DECIDE_KEPT, DECIDE_BY_STEP_IN,
		    "web stays at 8: 2 would suffice, but at most 2 may be removed "
		    "within 10m.");
	p = run(&in, &s, MINUTE);
	assert_int_equal(p.desired, 6);
}

static void what_is_paid_for_stays_until_that_ends(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 10);
	struct decide_plan p;

	(void)state;
	in.ending = 0;
	p = run(&in, &s, 0);
	assert_plan(&p, 10, DECIDE_KEPT, DECIDE_BY_PAID,
		    "web stays at 10: 2 would do, but what there is more is paid for and "
		    "stays until shortly before that ends.");
	in.ending = 3;
	pass(&in, 10 * SECOND);
	p = run(&in, &s, 0);
	assert_plan(&p, 7, DECIDE_FELL, DECIDE_BY_PAID,
		    "web goes from 10 to 7: demand of 20.0/s needs 2, and 3 will likely "
		    "not be needed again for 1h; letting 8 go saves 480 instance-minutes "
		    "and costs 41 (capacity 15/s per instance); the others are paid for "
		    "some time more.");
	in.ending = 100;
	in.step_in_max = 5; /* of which three are gone */
	pass(&in, 10 * SECOND);
	p = run(&in, &s, 0);
	assert_int_equal(p.desired, 5);
	assert_int_equal(p.binding, DECIDE_BY_STEP_IN);
}

static void deciding_again_without_a_newer_forecast_changes_nothing(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	/* A tick before the dwell is over by what was forecast: it stays so. */
	in.forecast_at_ms -= 10 * SECOND;
	for (int i = 0; i < 5; i++) {
		in.now_ms += 10 * SECOND;
		in.demand_at_ms += 10 * SECOND;
		decide(&in, &s, &p);
		assert_int_equal(p.desired, 3);
		assert_int_equal(p.binding, DECIDE_BY_DWELL);
	}
	in.forecast_at_ms += 10 * SECOND;
	for (int i = 0; i < 5; i++) {
		decide(&in, &s, &p);
		assert_int_equal(p.desired, 2);
		in.desired = 2;
		in.now_ms += 10 * SECOND;
	}
}

static void it_never_goes_in_without_good_data(void **state)
{
	static const struct {
		double demand;
		int64_t age_ms;
		const char *distrust, *missing;
		bool stateful;
		enum decide_binding binding;
		const char *sentence;
	} cases[] = {
		{ NAN, 0, NULL, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ -1, 0, NULL, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ INFINITY, 0, NULL, NULL, false, DECIDE_BY_NO_DATA,
		  "web stays at 3: no demand is measured, so nothing is scaled in." },
		{ 20, 2 * MINUTE, NULL, NULL, false, DECIDE_BY_STALE_DATA,
		  "web stays at 3: demand was last measured 2m ago, so nothing is scaled "
		  "in (stale data)." },
		{ 20, 0, "the inventory shrank from 9 to 2 hosts", NULL, false,
		  DECIDE_BY_DISTRUST,
		  "web stays at 3: the inventory shrank from 9 to 2 hosts, so nothing is "
		  "scaled in." },
		{ 20, 0, NULL, "no metrics from web@2.service on host h for 95 s", false,
		  DECIDE_BY_MISSING,
		  "web stays at 3: no metrics from web@2.service on host h for 95 s, so "
		  "nothing is scaled in." },
		{ 20, 0, NULL, NULL, true, DECIDE_BY_STATEFUL,
		  "web stays at 3: 2 would suffice, but a stateful tier is not scaled in "
		  "automatically." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct decide_state s;
		struct decide_input in = about_to_go_in(&s, 3);
		struct decide_plan p;

		in.demand = in.demand_sure = cases[i].demand;
		in.demand_at_ms = in.now_ms - cases[i].age_ms;
		in.distrust = cases[i].distrust;
		in.missing = cases[i].missing;
		in.stateful = cases[i].stateful;
		decide(&in, &s, &p);
		assert_plan(&p, 3, DECIDE_KEPT, cases[i].binding, cases[i].sentence);
		/* A person's maximum needs no demand. */
		in.max = 1;
		decide(&in, &s, &p);
		assert_int_equal(p.desired, cases[i].distrust ? 3 : 1);
	}
}

static void it_never_goes_in_without_a_full_forecast(void **state)
{
	struct decide_plan p;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct decide_state s;
		struct decide_input in = about_to_go_in(&s, 3);

		*(i == 0   ? &in.forecast_high
		  : i == 1 ? &in.again_near
			   : &in.again_far) = NAN;
		decide(&in, &s, &p);
		assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_NO_FORECAST,
			    "web stays at 3: there is no forecast, so nothing is scaled "
			    "in.");
	}
}

static void a_gap_in_the_data_begins_the_dwell_anew(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	in.demand_at_ms = in.now_ms - 2 * MINUTE;
	decide(&in, &s, &p);
	in.demand_at_ms = in.now_ms;
	p = run(&in, &s, 9 * MINUTE);
	assert_int_equal(p.desired, 3);
	p = run(&in, &s, MINUTE);
	assert_int_equal(p.desired, 2);

	in = about_to_go_in(&s, 3);
	in.now_ms += 2 * MINUTE; /* the controller was away */
	in.demand_at_ms = in.forecast_at_ms = in.now_ms;
	p = run(&in, &s, 9 * MINUTE);
	assert_int_equal(p.desired, 3);
}

/* Whatever the clock is set back to, it takes a dwell, not the jump as well. */
static void a_clock_that_is_set_back_holds_no_longer_than_the_dwell(void **state)
{
	const int64_t back_ms[] = { 2 * MINUTE, 60 * MINUTE, 7 * 1440 * MINUTE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(back_ms); i++) {
		struct decide_input in = three_running();
		struct decide_state s = { 0 };
		struct decide_plan p;

		in.now_ms += 8 * 1440 * MINUTE;
		in.demand_at_ms = in.forecast_at_ms = in.now_ms;
		run(&in, &s, 20 * MINUTE);
		in.now_ms -= back_ms[i];
		in.demand_at_ms = in.forecast_at_ms = in.now_ms;
		set_demand(&in, 20, 28);
		p = run(&in, &s, 9 * MINUTE);
		assert_int_equal(p.desired, 3);
		p = run(&in, &s, 4 * MINUTE);
		assert_int_equal(p.desired, 2);
	}
}

static void a_step_of_before_the_clock_was_set_back_is_over(void **state)
{
	struct decide_state s;
	struct decide_input in = about_to_go_in(&s, 3);
	struct decide_plan p;

	(void)state;
	in.step_in_max = 1;
	s.in_since_ms = in.now_ms + 60 * MINUTE;
	s.in_count = 1;
	pass(&in, 10 * SECOND);
	p = run(&in, &s, 0);
	assert_int_equal(p.desired, 2);
}

static void a_nonsensical_number_of_instances_is_decided_at_once(void **state)
{
	struct decide_input in = three_running();
	struct decide_plan p;

	(void)state;
	in.max = -1;
	in.dwell_ms = 0;
	in.desired = INT64_C(1000000000000000);
	p = once(&in);
	assert_int_equal(p.in_count, 1000000);
	assert_int_equal(p.desired, in.desired - 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_in_when_fewer_sufficed_for_the_whole_dwell),
		cmocka_unit_test(without_a_past_it_waits_out_a_dwell),
		cmocka_unit_test(it_goes_in_when_that_saves_more_than_it_costs),
		cmocka_unit_test(it_stays_when_that_saves_less_than_an_action_costs),
		cmocka_unit_test(only_those_go_that_save_more_than_their_boot),
		cmocka_unit_test(what_may_be_needed_within_the_lead_time_stays),
		cmocka_unit_test(an_event_to_come_is_told),
		cmocka_unit_test(it_keeps_to_its_step_for_a_whole_dwell),
		cmocka_unit_test(what_is_paid_for_stays_until_that_ends),
		cmocka_unit_test(deciding_again_without_a_newer_forecast_changes_nothing),
		cmocka_unit_test(it_never_goes_in_without_good_data),
		cmocka_unit_test(it_never_goes_in_without_a_full_forecast),
		cmocka_unit_test(a_gap_in_the_data_begins_the_dwell_anew),
		cmocka_unit_test(a_clock_that_is_set_back_holds_no_longer_than_the_dwell),
		cmocka_unit_test(a_step_of_before_the_clock_was_set_back_is_over),
		cmocka_unit_test(a_nonsensical_number_of_instances_is_decided_at_once),
	};

	return cmocka_run_group_tests_name("scale_in", tests, NULL, NULL);
}
