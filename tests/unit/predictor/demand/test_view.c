/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How near the instances that a view calls for are to the best ones. */
#include "view.h"

#include "histogram.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

enum { CASES = 2000, SAMPLES = 3000 };

static double cost(const struct demand_view *v, double capacity, double price, double n)
{
	return n + price * demand_view_over(v, n * capacity);
}

static double best_cost(const struct demand_view *v, double capacity, double price)
{
	const double least = fmax(ceil(v->mid / capacity - 1e-9), 1);
	double best = INFINITY;

	for (double n = least; n < best; n++)
		best = fmin(best, cost(v, capacity, price, n));
	return best;
}

/* A histogram of errors with tails that differ from case to case. */
static void make_errors(gsl_rng *r, struct histogram *h)
{
	const double freedom = 2 + 8 * gsl_rng_uniform(r);

	histogram_init(h, 1e6, 50);
	for (int i = 0; i < SAMPLES; i++)
		histogram_add(h, gsl_ran_tdist(r, freedom));
	histogram_solve(h);
}

/* The share of random cases that are dearer than the best by more than this, and the
 * dearest: instances of the size of `coarse` times the error. */
static double worst(double coarse, double more, double *ret_share)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	struct histogram h;
	double top = 0;
	size_t n = 0;

	gsl_rng_set(r, 1);
	for (int i = 0; i < CASES; i++) {
		struct demand_view v = { .sigma = 1, .most = INFINITY, .z = &h };
		const double capacity = coarse * (0.5 + gsl_rng_uniform(r));
		const double price = exp(8 * gsl_rng_uniform(r));
		double over, ratio;

		make_errors(r, &h);
		v.mid = 50 * gsl_rng_uniform(r);
		if (i % 2)
			v.most = v.mid + 10 * gsl_rng_uniform(r);
		ratio = cost(&v, capacity, price,
			     (double)demand_view_instances(&v, capacity, price, &over)) /
			best_cost(&v, capacity, price);
		top = fmax(top, ratio);
		n += ratio > 1 + more;
	}
	*ret_share = (double)n / CASES;
	gsl_rng_free(r);
	return top;
}

/* The figures of view.h. */
static void what_is_called_for_is_near_the_best(void **state)
{
	(void)state;
	for (double coarse = 0.01; coarse < 500; coarse *= 10) {
		double share;
		const double top = worst(coarse, 0.02, &share);

		printf("instances of %g times the error: at most %.3f times the best, "
		       "%.1f %% of cases above 1.02\n",
		       coarse, top, 100 * share);
		assert_true(top <= 1.7);
		assert_true(share <= 0.05);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_called_for_is_near_the_best),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
