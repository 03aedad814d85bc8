/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "policy.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#define RUNS 8000

/* The share of next launches that keep the quantile after n of them. */
static double held(int n, double level, double sigma)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	int kept = 0;

	for (int run = 0; run < RUNS; run++) {
		struct policy_leads l;

		policy_leads_init(&l, 60000);
		for (int i = 0; i < n; i++)
			policy_leads_note(&l, llround(gsl_ran_lognormal(r, 11, sigma)));
		kept += llround(gsl_ran_lognormal(r, 11, sigma)) <=
			policy_leads_upper(&l, level);
	}
	gsl_rng_free(r);
	return (double)kept / RUNS;
}

static void the_next_launch_keeps_the_quantile_as_often_as_it_says(void **state)
{
	static const int launches[] = { 5, 6, 9, 10, 18, 19, 50, 70 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(launches); i++) {
		assert_close(held(launches[i], 0.95, 0.1), 0.95, 0.015);
		assert_close(held(launches[i], 0.95, 0.6), 0.95, 0.015);
		assert_close(held(launches[i], 0.975, 0.3), 0.975, 0.015);
	}
}

static void before_the_fifth_launch_no_quantile_is_told(void **state)
{
	struct policy_leads l;

	(void)state;
	policy_leads_init(&l, 60000);
	for (int i = 0; i < POLICY_LEADS_ENOUGH - 1; i++)
		policy_leads_note(&l, 60000);
	assert_int_equal(policy_leads_upper(&l, 0.95), 0);
	/* Twice the prior's spread of 30 %, three launches' worth of it. */
	assert_in_range(policy_leads_overdue(&l), 80000, 110000);
	policy_leads_note(&l, 60000);
	assert_int_equal(policy_leads_upper(&l, 0.95), 60000);
}

static void only_the_latest_fifty_count(void **state)
{
	struct policy_leads l;

	(void)state;
	policy_leads_init(&l, 60000);
	for (int i = 0; i < 200; i++)
		policy_leads_note(&l, 900000);
	for (int i = 0; i < POLICY_LEADS_MOST; i++)
		policy_leads_note(&l, 60000);
	assert_int_equal(policy_leads_upper(&l, 0.95), 60000);
	policy_leads_note(&l, 0);
	policy_leads_note(&l, -5);
	assert_int_equal(policy_leads_upper(&l, 0.95), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_launch_keeps_the_quantile_as_often_as_it_says),
		cmocka_unit_test(before_the_fifth_launch_no_quantile_is_told),
		cmocka_unit_test(only_the_latest_fifty_count),
	};

	return cmocka_run_group_tests_name("leads", tests, NULL, NULL);
}
