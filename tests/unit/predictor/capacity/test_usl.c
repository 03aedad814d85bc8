/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "usl.h"

#include "check.h"

#include <gsl/gsl_errno.h>

/*
 * SPEC SDM91 of a Sun SPARCcenter 2000: simulated users, scripts an hour. Gunther,
 * Guerrilla Capacity Planning, 2007, ch. 5; the coefficients that least squares finds are
 * those of the R package usl's vignette.
 */
static void finds_the_published_coefficients_of_spec_sdm91(void **state)
{
	static const double users[] = { 1, 18, 36, 72, 108, 144, 216 };
	static const double scripts[] = { 64.9,   995.9,  1652.4, 1853.2,
					  1828.9, 1775.0, 1702.2 };
	struct usl u;

	(void)state;
	assert_true(usl_fit(users, scripts, NULL, 7, &u));
	assert_close(u.lambda, 89.9952382, 1e-3);
	assert_close(u.sigma, 0.0277285, 1e-5);
	assert_close(u.kappa, 0.0001044, 1e-6);
	/* Most is served at sqrt((1 - sigma) / kappa) users. */
	assert_close(usl_throughput(&u, 96.5, NULL), 1883.76, 1);
}

/* The same package's own test: a law without noise. */
static void finds_an_exact_law(void **state)
{
	static const double n[] = { 1, 2, 4, 6, 8, 10 };
	static const double x[] = { 1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557 };
	struct usl u;

	(void)state;
	assert_true(usl_fit(n, x, NULL, 6, &u));
	assert_close(u.lambda, 1, 1e-3);
	assert_close(u.sigma, 0.02, 1e-3);
	assert_close(u.kappa, 0.02, 1e-3);
}

static void no_coefficient_is_below_zero(void **state)
{
	/* Two serve more than twice what one does. */
	static const double n[] = { 1, 2, 3, 4, 5, 6 };
	static const double x[] = { 10, 21, 31, 42, 53, 63 };
	struct usl u;

	(void)state;
	assert_true(usl_fit(n, x, NULL, 6, &u));
	assert_true(u.sigma >= 0 && u.kappa >= 0);
	assert_close(u.lambda, 10.5, 0.2);
}

static void three_points_are_too_few_for_three_coefficients(void **state)
{
	static const double n[] = { 1, 2, 3 };
	static const double x[] = { 10, 19, 27 };
	struct usl u;

	(void)state;
	assert_false(usl_fit(n, x, NULL, 3, &u));
}

static void the_scale_of_what_is_served_changes_nothing_else(void **state)
{
	static const double n[] = { 1, 2, 4, 8, 12, 16 };
	double x[6], sd[6], large[6], large_sd[6];
	struct usl a, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(n); i++) {
		x[i] = 20 * n[i] / (1 + 0.05 * (n[i] - 1)) + (i % 2 ? 0.5 : -0.5);
		sd[i] = 0.05 * x[i];
		large[i] = 1e9 * x[i];
		large_sd[i] = 1e9 * sd[i];
	}
	assert_true(usl_fit(n, x, sd, 6, &a) && usl_fit(n, large, large_sd, 6, &b));
	assert_close(b.lambda / a.lambda, 1e9, 1e3);
	assert_close(b.sigma, a.sigma, 1e-6);
	assert_close(b.kappa, a.kappa, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_published_coefficients_of_spec_sdm91),
		cmocka_unit_test(finds_an_exact_law),
		cmocka_unit_test(no_coefficient_is_below_zero),
		cmocka_unit_test(three_points_are_too_few_for_three_coefficients),
		cmocka_unit_test(the_scale_of_what_is_served_changes_nothing_else),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
