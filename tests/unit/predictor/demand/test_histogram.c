/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "histogram.h"
#include "view.h"

#include "check.h"
#include "test.h"

#include <gsl/gsl_cdf.h>

static void gaussian(struct histogram *s, double half_life)
{
	histogram_init(s, half_life, 1e-6);
	for (int i = 0; i < 20000; i++)
		histogram_add(s, gsl_cdf_ugaussian_Pinv((i + 0.5) / 20000));
	histogram_solve(s);
}

static void tells_the_quantiles_of_the_normal_distribution(void **state)
{
	/* Tables of the normal distribution. */
	static const double known[][2] = { { 0.5, 0 },       { 0.9, 1.2816 },
					   { 0.95, 1.6449 }, { 0.975, 1.9600 },
					   { 0.99, 2.3263 }, { 0.05, -1.6449 } };
	struct histogram s;

	(void)state;
	gaussian(&s, 1e12);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		assert_close(histogram_quantile(&s, known[i][0]), known[i][1], 0.01);
		assert_close(histogram_over(&s, known[i][1]), 1 - known[i][0], 0.002);
	}
}

static void far_tails_keep_their_ratio(void **state)
{
	struct histogram s;

	(void)state;
	histogram_init(&s, 1e12, 1e-6);
	for (int i = 1; i <= 1000; i++)
		histogram_add(&s, 1000.0 / i); /* Pareto: P(Z > z) = 1 / z */
	histogram_solve(&s);
	assert_close(histogram_quantile(&s, 0.99) / 100, 1, 0.06);
	assert_close(histogram_over(&s, 300), 1.0 / 300, 4e-4);
	assert_close(histogram_over(&s, 1e6), 0, 0);
}

static void starts_from_the_logistic_prior(void **state)
{
	struct histogram s;

	(void)state;
	histogram_init(&s, 100, 50);
	assert_close(histogram_quantile(&s, 0.5), 0, 0.01);
	assert_close(histogram_quantile(&s, 0.99), log(99), 0.05);
}

/* P(more than n needed), by brute force over n. */
static size_t best_n(const struct demand_view *v, double capacity, double price)
{
	double best = INFINITY;
	size_t best_n = 1;

	for (size_t n = 1; n < 2000; n++) {
		const double demand = (double)n * capacity;
		const double cost = (double)n + price * demand_view_over(v, demand);

		if (demand > v->mid && cost < best) {
			best = cost;
			best_n = n;
		}
	}
	return best_n;
}

static void the_price_chooses_as_brute_force_does(void **state)
{
	struct histogram s;

	(void)state;
	gaussian(&s, 1e12);
	for (double mid = 50; mid < 5000; mid *= 3)
		for (double price = 2; price < 1e4; price *= 5) {
			const struct demand_view v = { mid, 0.1 * mid, INFINITY, &s };
			const double n =
				(double)demand_view_instances(&v, 10, price, NULL);

			/* The bins are 5 % wide. */
			assert_close(n, (double)best_n(&v, 10, price), 1 + 0.006 * n);
		}
}

static void more_risk_is_taken_where_safety_is_dear(void **state)
{
	struct histogram s;
	double narrow, wide;

	(void)state;
	gaussian(&s, 1e12);
	const struct demand_view near = { 1000, 20, INFINITY, &s };
	const struct demand_view far = { 1000, 200, INFINITY, &s };

	demand_view_instances(&near, 10, 200, &narrow);
	demand_view_instances(&far, 10, 200, &wide);
	assert_true(wide > 5 * narrow);
}

static void a_view_is_between_nothing_and_its_most(void **state)
{
	struct histogram s;

	(void)state;
	gaussian(&s, 1e12);
	const struct demand_view v = { 100, 50, 150, &s };
	const struct demand_view sure = { 100, 0, 150, &s };

	assert_close(demand_view_quantile(&v, 0.5), 100, 1);
	assert_close(demand_view_quantile(&v, 0.8), 142, 2);
	assert_close(demand_view_quantile(&v, 0.999), 150, 0);
	assert_close(demand_view_quantile(&v, 0.001), 0, 0);
	assert_close(demand_view_over(&v, 142), 0.2, 0.02);
	assert_close(demand_view_over(&v, 150), 0, 0);
	assert_close(demand_view_over(&sure, 99), 1, 0);
	assert_close(demand_view_over(&sure, 100), 0, 0);
	assert_int_equal(demand_view_instances(&v, 10, 1e9, NULL), 15);
	assert_int_equal(demand_view_instances(&sure, 10, 1e9, NULL), 10);
	assert_int_equal(demand_view_instances(&sure, 1000, 1e9, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_quantiles_of_the_normal_distribution),
		cmocka_unit_test(far_tails_keep_their_ratio),
		cmocka_unit_test(starts_from_the_logistic_prior),
		cmocka_unit_test(the_price_chooses_as_brute_force_does),
		cmocka_unit_test(more_risk_is_taken_where_safety_is_dear),
		cmocka_unit_test(a_view_is_between_nothing_and_its_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
