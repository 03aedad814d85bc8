/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a short count proves, and what follows from it for a tier that was quiet.
 */
#include "policy_fixture.h"

#define QUIET 195.0 /* requests a second */

static void a_count_is_certain_but_for_five_of_its_errors(void **state)
{
	struct policy_noise z = { 0 };

	(void)state;
	/* 1950 in ten seconds: an error of sqrt(1950) / 10. */
	assert_close(policy_noise_sure(&z, MONDAY_MS, 195, 10000),
		     195 - 5 * sqrt(1950) / 10, 1e-9);
	assert_close(policy_noise_sure(&z, MONDAY_MS, 0.5, 10000), 0, 0);
	assert_close(policy_noise_sure(&z, MONDAY_MS, 0, 10000), 0, 0);
}

static void what_is_no_short_count_proves_nothing(void **state)
{
	struct policy_noise z = { 0 };

	(void)state;
	assert_true(isnan(policy_noise_sure(&z, MONDAY_MS, NAN, 10000)));
	assert_true(isnan(policy_noise_sure(&z, MONDAY_MS, -1, 10000)));
	assert_true(isnan(policy_noise_sure(&z, MONDAY_MS, 195, MINUTE_MS)));
	assert_true(z.n == 0);
}

/* An hour of measures of `mean`, by turns above and below it. */
static struct policy_noise after_an_hour(double mean, double by)
{
	struct policy_noise z = { 0 };

	for (int i = 0; i < 360; i++)
		(void)policy_noise_sure(&z, MONDAY_MS + i * TICK_MS,
					mean + (i % 2 ? by : -by), TICK_MS);
	return z;
}

static void the_noise_is_learned(void **state)
{
	struct policy_noise calm = after_an_hour(QUIET, 0);
	struct policy_noise wild = after_an_hour(QUIET, 30);
	const int64_t at_ms = MONDAY_MS + 3600000;

	(void)state;
	/* A gauge is more certain than a count, a wild demand less; the first ten minutes
	 * weigh as much as the belief that it is a count. */
	assert_close(policy_noise_sure(&calm, at_ms, QUIET, TICK_MS),
		     QUIET - 5 * sqrt(19.5 * 10 / 70), 1);
	assert_close(policy_noise_sure(&wild, at_ms, QUIET, TICK_MS),
		     QUIET - 5 * sqrt((1080.0 * 60 + 19.5 * 10) / 70), 3);
}

/* ---------------------------------------------------------------- a quiet tier */

/* After a week of minutes. */
static struct tier *quiet_week(gsl_rng *r, double capacity)
{
	static double y[WEEK];
	struct policy_settings s = plain_settings();

	s.capacity = capacity;
	for (size_t i = 0; i < WEEK; i++)
		y[i] = counted(r, QUIET, 60);
	return tier_new(&s, MINUTE_MS, y, WEEK, fleet_need(QUIET * 1.1, capacity), DAY);
}

/* And an hour of ticks. */
static struct tier *quiet_tier(gsl_rng *r, double capacity)
{
	struct tier *t = quiet_week(r, capacity);

	for (int i = 0; i < 360; i++)
		tier_tick(t, counted(r, QUIET, 10));
	return t;
}

static void a_fall_raises_nothing_in_any_tick(void **state)
{
	static const double capacities[] = { 1, 2, 5, 20, 50 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(capacities); k++) {
		gsl_rng *r = dice(300 + k);
		struct tier *t = quiet_tier(r, capacities[k]);
		int64_t before = 0;

		for (size_t i = 0; i <= k; i++) /* in mid-minute, mostly */
			before = tier_tick(t, counted(r, QUIET, 10));
		for (int i = 0; i < 6 * 120; i++)
			if (tier_tick(t, counted(r, 100, 10)) > before)
				fail_msg("%d ticks after the fall %s", i,
					 t->plan.sentence);
		assert_true(t->plan.desired < before);
		tier_free(t);
		gsl_rng_free(r);
	}
}

static void a_fall_raises_nothing_in_any_minute(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		gsl_rng *r = dice(400 + k);
		struct tier *t = quiet_week(r, 5 + 10 * k);
		int64_t before = 0;

		for (int i = 0; i < 60; i++)
			before = tier_step(t, counted(r, QUIET, 60));
		for (int i = 0; i < 120; i++)
			if (tier_step(t, counted(r, 100, 60)) > before)
				fail_msg("%d minutes after the fall %s", i,
					 t->plan.sentence);
		assert_true(t->plan.desired < before);
		tier_free(t);
		gsl_rng_free(r);
	}
}

static void a_rise_after_a_fall_is_served(void **state)
{
	gsl_rng *r = dice(500);
	struct tier *t = quiet_tier(r, 5);

	(void)state;
	for (int i = 0; i < 12; i++)
		tier_tick(t, counted(r, 100, 10));
	for (int i = 0; i < 12; i++)
		tier_tick(t, counted(r, 400, 10));
	assert_true(t->plan.desired >= 80);
	tier_free(t);
	gsl_rng_free(r);
}

static void a_spike_far_beyond_the_noise_acts_in_its_tick(void **state)
{
	gsl_rng *r = dice(600);
	struct tier *t = quiet_tier(r, 5);

	(void)state;
	/* In mid-minute: no model knows of it yet. */
	tier_tick(t, counted(r, QUIET, 10));
	tier_tick(t, 600);
	assert_int_equal(t->plan.cause, DECIDE_REACTIVE);
	assert_int_equal(t->plan.binding, DECIDE_BY_DEMAND);
	assert_true(t->plan.desired >= (int64_t)((600 - 5 * sqrt(60)) / 5));
	assert_true(t->plan.desired <= 120);
	tier_free(t);
	gsl_rng_free(r);
}

static void noise_within_a_tick_does_not_act(void **state)
{
	gsl_rng *r = dice(700);
	struct tier *t = quiet_tier(r, 5);
	const int64_t before = t->plan.desired;

	(void)state;
	/* Four errors of a count more, once, and made up for within the minute. */
	tier_tick(t, QUIET);
	tier_tick(t, QUIET + 4 * sqrt(QUIET / 10));
	assert_int_equal(t->plan.desired, before);
	tier_tick(t, QUIET - 4 * sqrt(QUIET / 10));
	for (int i = 0; i < 60; i++) {
		tier_tick(t, QUIET);
		assert_int_equal(t->plan.desired, before);
	}
	tier_free(t);
	gsl_rng_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_certain_but_for_five_of_its_errors),
		cmocka_unit_test(what_is_no_short_count_proves_nothing),
		cmocka_unit_test(the_noise_is_learned),
		cmocka_unit_test(a_fall_raises_nothing_in_any_tick),
		cmocka_unit_test(a_fall_raises_nothing_in_any_minute),
		cmocka_unit_test(a_rise_after_a_fall_is_served),
		cmocka_unit_test(a_spike_far_beyond_the_noise_acts_in_its_tick),
		cmocka_unit_test(noise_within_a_tick_does_not_act),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
