/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy.h"

#include "test.h"

#include <math.h>
#include <stdlib.h>

#define MINUTE_MS 60000
#define DAY 1440
#define N (10 * DAY)

/* Bursts of ten minutes, most of them within an hour of the one before. */
static void fill(double *y)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < N; i++) {
		seed = seed * 1664525u + 1013904223u;
		y[i] = 600 + 20 * (double)(seed >> 8) / 16777216.0;
	}
	for (size_t i = 400; i + 10 < N; i += 30 + (seed >> 8) % 40) {
		seed = seed * 1664525u + 1013904223u;
		for (size_t k = 0; k < 10; k++)
			y[i + k] += 300;
	}
}

static double found_price(const double *y, int64_t billing_ms)
{
	const struct policy_settings s = { .risk = 0.005,
					   .capacity = 50,
					   .lead_ms = 180000,
					   .mode = DECIDE_AUTO,
					   .min = 1,
					   .max = -1,
					   .dwell_ms = POLICY_DWELL_MS,
					   .action_price = POLICY_ACTION_PRICE,
					   .billing_ms = billing_ms };
	const struct demand_opts o = policy_model_opts(MINUTE_MS, s.lead_ms);
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	struct policy p;
	struct err e;

	assert_int_equal(demand_model_new(&o, &m, &e), 0);
	policy_init(&p, &o, &s);
	assert_int_equal(
		policy_train(&p, &s, m, &(struct policy_past){ .y = y, .n = N }, &e), 0);
	return p.log_price;
}

static void instances_that_are_paid_for_anyway_lower_the_price(void **state)
{
	double *y = calloc(N, sizeof(*y));
	double by_moment;

	(void)state;
	fill(y);
	by_moment = found_price(y, 0);
	assert_true(found_price(y, 60 * MINUTE_MS) < by_moment - 0.1);
	assert_close(found_price(y, MINUTE_MS), by_moment, 0);
	free(y);
}

static void units_are_steps_begun(void **state)
{
	struct policy_settings s = { .billing_ms = 0 };

	(void)state;
	assert_int_equal(policy_paid_terms(&s, MINUTE_MS).unit, 1);
	s.billing_ms = MINUTE_MS;
	assert_int_equal(policy_paid_terms(&s, MINUTE_MS).unit, 1);
	s.billing_ms = 90000;
	assert_int_equal(policy_paid_terms(&s, MINUTE_MS).unit, 2);
	assert_int_equal(policy_paid_terms(&s, MINUTE_MS).least, 0);
	s.billing_min_ms = 90000;
	assert_int_equal(policy_paid_terms(&s, MINUTE_MS).least, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instances_that_are_paid_for_anyway_lower_the_price),
		cmocka_unit_test(units_are_steps_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
