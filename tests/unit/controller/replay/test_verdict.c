/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verdict.h"

#include "check.h"

#include <string.h>

#include "test.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define NOW_MS (100 * DAY_MS)

static const struct verdict_tier observing = { .mode = DB_MODE_OBSERVE,
					       .risk = 0.005,
					       .capacity = 10,
					       .action_price = 8,
					       .dwell_ms = 180000,
					       .lead_ms = 180000 };

static struct verdict_report a_good_one(void)
{
	return (struct verdict_report){ .at_ms = NOW_MS - 60000,
					.history_ms = 21 * DAY_MS,
					.played_ms = 10 * DAY_MS,
					.boot_ms = 180000,
					.dwell_ms = 180000,
					.action_price = 8,
					.risk = 0.005,
					.capacity = 10,
					.short_share = 0.0031,
					.cost = 1.22,
					.reactive_short = 0.0042,
					.reactive_cost = 1.48,
					.mode = DB_MODE_AUTO,
					.floor_cost = 1,
					.room = -1 };
}

static struct verdict give(const struct verdict_tier *t, const struct verdict_report *r,
			   enum db_mode to)
{
	struct verdict v;

	verdict_give(t, r, to, NOW_MS, &v);
	assert_int_equal(v.to, to);
	return v;
}

static void assert_refused(const struct verdict *v, const char *words)
{
	assert_false(v->promote);
	if (!strstr(v->why, words))
		fail_msg("'%s' is not in: %s", words, v->why);
}

static void a_risk_that_was_kept_cheaply_earns_the_next_mode(void **state)
{
	const struct verdict_report r = a_good_one();
	struct verdict v = give(&observing, &r, DB_MODE_OUT);

	(void)state;
	assert_true(v.promote);
	assert_string_equal(
		v.why,
		"short of capacity 0.31 % of the time, with at most 0.5 % promised, at "
		"1.22 times the least possible cost (reactive: 1.48, short 0.42 %)");
}

static void the_next_of_observe_is_out_and_of_out_auto(void **state)
{
	(void)state;
	assert_int_equal(verdict_next(DB_MODE_OBSERVE), DB_MODE_OUT);
	assert_int_equal(verdict_next(DB_MODE_OUT), DB_MODE_AUTO);
	assert_int_equal(verdict_next(DB_MODE_AUTO), DB_MODE_AUTO);
}

static void being_short_more_than_promised_is_refused(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.short_share = 0.0122;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "it would have been short of capacity 1.22 % of the time, "
			   "with at most 0.5 % promised (up to 0.69 % is within chance)");
}

static void what_chance_explains_is_forgiven_and_shrinks_with_time(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.short_share = 0.0065;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
	assert_non_null(strstr(v.why, "(up to 0.69 % is within chance)"));
	r.played_ms = 20 * DAY_MS;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_false(v.promote);
}

static void costing_more_than_reactive_that_met_the_risk_is_refused(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.reactive_cost = 1.10;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "more than reactive");
	r.reactive_short = 0.02; /* cheap because it broke the promise */
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
}

static void costs_that_are_printed_alike_are_alike(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.reactive_cost = r.cost - 0.004;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
}

static void scaling_in_wants_a_week_and_scaling_out_two_days(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.history_ms = 7 * DAY_MS - 1;
	r.played_ms = 3 * DAY_MS;
	v = give(&observing, &r, DB_MODE_AUTO);
	assert_refused(&v, "6.9 days of history, and mode auto requires 7");
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
	r.history_ms = DAY_MS;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "1.0 days of history, and mode out requires 2");
}

static void a_few_hours_that_were_played_tell_nothing(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.played_ms = 6 * 3600 * 1000;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "the backtest covers only 0.2 days");
}

static void a_stale_backtest_counts_no_more(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	assert_true(verdict_is_fresh(&observing, &r, NOW_MS));
	r.at_ms = NOW_MS - 2 * VERDICT_FRESH_MS;
	assert_false(verdict_is_fresh(&observing, &r, NOW_MS));
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "stale, made 2h ago");
}

static void a_backtest_of_other_settings_counts_not(void **state)
{
	struct verdict_report r[5];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = a_good_one();
	r[0].risk = 0.01;
	r[1].capacity = 20;
	r[2].boot_ms = 600000;
	r[3].dwell_ms = 600000;
	r[4].action_price = 2;
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		struct verdict v = give(&observing, &r[i], DB_MODE_OUT);

		assert_refused(&v, "another risk, price, action price, dwell, capacity "
				   "or lead time");
		assert_false(verdict_is_fresh(&observing, &r[i], NOW_MS));
	}
}

static void what_was_learned_may_move_a_little(void **state)
{
	struct verdict_report r = a_good_one();

	(void)state;
	r.capacity = 10.4;
	r.boot_ms = 200000;
	assert_true(verdict_is_fresh(&observing, &r, NOW_MS));
}

static void without_a_backtest_nothing_is_earned(void **state)
{
	const struct verdict_report none = { 0 };
	struct verdict v = give(&observing, &none, DB_MODE_OUT);

	(void)state;
	assert_refused(&v, "no backtest");
	assert_false(verdict_is_fresh(&observing, &none, NOW_MS));
}

static void the_bound_that_keeps_it_short_is_named(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.short_share = 0.815;
	r.bound_short[JUDGE_MAX] = 0.81;
	r.max = 2;
	r.needed = 18;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_false(v.promote);
	assert_string_equal(v.why, "its maximum of 2 leaves it short 81 % of the time; "
				   "18 are needed at most");
	r.bound_short[JUDGE_ROOM] = 0.85;
	r.room = 1;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "its pool, with room for 1, leaves it short 85 % of the time");
	r.bound_short[JUDGE_CEILING] = 0.9;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "its schedules leave it short 90 % of the time");
}

static void what_makes_it_dear_is_named(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.mode = DB_MODE_OUT;
	r.floor_cost = 8.4;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
	assert_non_null(strstr(v.why, "as nothing is scaled in in mode out"));
	assert_non_null(strstr(v.why, "its minimum alone costs 8.40 times what demand "
				      "needs"));
}

static void in_mode_out_an_instance_of_the_peak_is_chance(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.mode = DB_MODE_OUT;
	r.needed = 20;
	r.reactive_cost = 2;
	r.cost = 2.09;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_true(v.promote);
	r.cost = 2.11;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "more than reactive");
	r.cost = 2.09;
	r.mode = DB_MODE_AUTO;
	v = give(&observing, &r, DB_MODE_AUTO);
	assert_refused(&v, "more than reactive");
}

static void a_backtest_of_another_play_counts_not(void **state)
{
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	r.terms = 1;
	v = give(&observing, &r, DB_MODE_OUT);
	assert_refused(&v, "another mode, minimum, maximum, schedule, step or pool");
	assert_false(verdict_is_fresh(&observing, &r, NOW_MS));
}

static void a_price_weighs_short_minutes_against_instances(void **state)
{
	struct verdict_tier t = observing;
	struct verdict_report r = a_good_one();
	struct verdict v;

	(void)state;
	t.price = r.price = 2;
	r.optimum_hours = 1000;
	r.short_share = 0.02; /* 288 minutes: 576 instance-hours */
	r.reactive_cost = 1.3;
	r.reactive_short = 0.04;
	v = give(&t, &r, DB_MODE_OUT);
	assert_true(v.promote);
	assert_string_equal(v.why,
			    "it would have cost 1.80 times the least possible cost, with "
			    "a minute short of capacity priced at 2 instance-hours "
			    "(reactive: 2.45); short of capacity 2.00 % of the time");
	r.reactive_short = 0;
	v = give(&t, &r, DB_MODE_OUT);
	assert_refused(&v, "more expensive than reactive scaling, at 1.80");
	t.price = 3;
	v = give(&t, &r, DB_MODE_OUT);
	assert_refused(&v, "another risk, price");
}

static void a_stateful_tier_may_scale_out_but_not_in(void **state)
{
	const struct verdict_report r = a_good_one();
	struct verdict_tier t = observing;
	struct verdict v;

	(void)state;
	t.stateful = true;
	v = give(&t, &r, DB_MODE_OUT);
	assert_true(v.promote);
	v = give(&t, &r, DB_MODE_AUTO);
	assert_refused(&v, "stateful");
}

static void nothing_is_promoted_to_where_it_is(void **state)
{
	const struct verdict_report r = a_good_one();
	struct verdict_tier t = observing;
	struct verdict v;

	(void)state;
	t.mode = DB_MODE_AUTO;
	v = give(&t, &r, DB_MODE_AUTO);
	assert_refused(&v, "mode auto already");
	v = give(&t, &r, DB_MODE_OUT);
	assert_refused(&v, "mode auto already");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_risk_that_was_kept_cheaply_earns_the_next_mode),
		cmocka_unit_test(the_next_of_observe_is_out_and_of_out_auto),
		cmocka_unit_test(being_short_more_than_promised_is_refused),
		cmocka_unit_test(what_chance_explains_is_forgiven_and_shrinks_with_time),
		cmocka_unit_test(costing_more_than_reactive_that_met_the_risk_is_refused),
		cmocka_unit_test(costs_that_are_printed_alike_are_alike),
		cmocka_unit_test(scaling_in_wants_a_week_and_scaling_out_two_days),
		cmocka_unit_test(a_few_hours_that_were_played_tell_nothing),
		cmocka_unit_test(a_stale_backtest_counts_no_more),
		cmocka_unit_test(a_backtest_of_other_settings_counts_not),
		cmocka_unit_test(what_was_learned_may_move_a_little),
		cmocka_unit_test(without_a_backtest_nothing_is_earned),
		cmocka_unit_test(the_bound_that_keeps_it_short_is_named),
		cmocka_unit_test(what_makes_it_dear_is_named),
		cmocka_unit_test(in_mode_out_an_instance_of_the_peak_is_chance),
		cmocka_unit_test(a_backtest_of_another_play_counts_not),
		cmocka_unit_test(a_price_weighs_short_minutes_against_instances),
		cmocka_unit_test(a_stateful_tier_may_scale_out_but_not_in),
		cmocka_unit_test(nothing_is_promoted_to_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
