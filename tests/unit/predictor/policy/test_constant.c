/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A constant rate, known for a week: counts differ, demand does not. The right fleet is
 * the smallest whose minutes are short for no more than the promise, and it stays.
 */
#include "policy_fixture.h"

#include <gsl/gsl_cdf.h>

#define CAPACITY 2.0

static const int needs[] = { 1, 2, 3, 4, 8, 12, 16, 20 };

static double rate_of(int need)
{
	return CAPACITY * (need - 0.6);
}

static struct policy_settings settings(void)
{
	struct policy_settings s = plain_settings();

	s.capacity = CAPACITY;
	return s;
}

/* The smallest number of which at most 0.5 % of the minutes are short. */
static int64_t right(int need)
{
	for (unsigned n = 1;; n++)
		if (gsl_cdf_poisson_Q(n * (unsigned)CAPACITY * 60, rate_of(need) * 60) <=
		    0.005)
			return n;
}

static struct tier *after_a_week(int need, gsl_rng *r)
{
	static double y[WEEK];
	const struct policy_settings s = settings();

	for (size_t i = 0; i < WEEK; i++)
		y[i] = counted(r, rate_of(need), 60);
	return tier_new(&s, MINUTE_MS, y, WEEK, (size_t)right(need), DAY);
}

static void the_right_numbers_are_those_of_the_poisson_distribution(void **state)
{
	static const int64_t known[] = { 1, 2, 3, 4, 9, 13, 17, 21 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(needs); k++)
		assert_int_equal(right(needs[k]), known[k]);
}

/* On average the right fleet, but for an hour or two. */
static void assert_stays(int need, double mean, size_t actions)
{
	assert_close(mean, (double)right(need), 0.1);
	assert_true(actions <= 2);
}

static void a_day_of_minutes_keeps_the_smallest_fleet(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(needs); k++) {
		gsl_rng *r = dice(100 + k);
		struct tier *t = after_a_week(needs[k], r);
		struct fleet_run run;

		for (int i = 0; i < DAY; i++)
			tier_step(t, counted(r, rate_of(needs[k]), 60));
		fleet_result(t->fleet, &run);
		assert_stays(needs[k], run.instance_steps / DAY, run.actions);
		free(run.running);
		tier_free(t);
		gsl_rng_free(r);
	}
}

/* ---------------------------------------------------------------- ticks */

static void a_day_of_ticks_keeps_it_too(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(needs); k++) {
		gsl_rng *r = dice(200 + k);
		struct tier *t = after_a_week(needs[k], r);
		double instances = 0;
		size_t actions = 0;

		for (int i = 0; i < 6 * DAY; i++) {
			instances +=
				(double)tier_tick(t, counted(r, rate_of(needs[k]), 10));
			actions += t->plan.desired != t->plan.from;
		}
		assert_stays(needs[k], instances / (6 * DAY), actions);
		tier_free(t);
		gsl_rng_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_numbers_are_those_of_the_poisson_distribution),
		cmocka_unit_test(a_day_of_minutes_keeps_the_smallest_fleet),
		cmocka_unit_test(a_day_of_ticks_keeps_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
