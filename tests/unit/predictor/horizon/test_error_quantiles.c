/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "error_quantiles.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#define H 24
#define SEASON 24
#define LEVELS 7

static const double levels[LEVELS] = { 0.01, 0.025, 0.25, 0.5, 0.75, 0.975, 0.99 };
static const double none[H];

enum { LOW = 1, LOWER_HALF = 2, UPPER_HALF = 4, HIGH = 5 };

/* An origin each of so many seasons, with errors of size 1; of size 4 in three of them,
 * from `large` on. */
static void quantiles(size_t seasons, size_t large, double *q)
{
	CLEANUP(error_quantiles_done) struct error_quantiles s = { 0 };
	gsl_rng *g = gsl_rng_alloc(gsl_rng_mt19937);
	double actual[H], held[H];

	error_quantiles_init(&s, H, SEASON, seasons);
	for (size_t i = 0; i < seasons; i++) {
		const double size = i >= large && i < large + 3 ? 4 : 1;

		for (size_t j = 0; j < H; j++)
			actual[j] = gsl_ran_gaussian(g, size);
		error_quantiles_add(&s, i * SEASON, actual, none, H, H);
	}
	error_quantiles_at(&s, seasons * SEASON, none, -INFINITY, levels, LEVELS, q,
			   held);
	gsl_rng_free(g);
}

/* How far apart two quantiles are, in the mean over the steps. */
static double width(const double *q, size_t low, size_t high)
{
	double sum = 0;

	for (size_t j = 0; j < H; j++)
		sum += q[high * H + j] - q[low * H + j];
	return sum / H;
}

static void many_errors_give_their_own_quantiles(void **state)
{
	double q[LEVELS * H];

	(void)state;
	quantiles(1000, 1000, q);
	/* What adapts to the latest errors is a little wider for it. */
	assert_close(width(q, LOW, HIGH), 2 * 1.96, 0.15);
	assert_close(width(q, LOWER_HALF, UPPER_HALF), 2 * 0.674, 0.05);
}

static void few_seasons_widen_the_tails_more_than_the_middle(void **state)
{
	double few[LEVELS * H], many[LEVELS * H];

	(void)state;
	quantiles(7, 7, few);
	quantiles(1000, 1000, many);

	const double middle =
		width(few, LOWER_HALF, UPPER_HALF) / width(many, LOWER_HALF, UPPER_HALF);
	const double tails = width(few, LOW, HIGH) / width(many, LOW, HIGH);

	assert_true(middle > 1 && middle < 1.6);
	assert_true(tails > 1.3 * middle);
}

static void large_errors_widen_more_when_they_are_recent(void **state)
{
	double old[LEVELS * H], recent[LEVELS * H];

	(void)state;
	quantiles(40, 0, old);
	quantiles(40, 37, recent);
	assert_true(width(recent, LOWER_HALF, UPPER_HALF) >
		    1.2 * width(old, LOWER_HALF, UPPER_HALF));
	assert_true(width(recent, LOW, HIGH) > 1.2 * width(old, LOW, HIGH));
}

/* A flat series that rose by 5 ten steps ago: only the youngest origin knows. */
static void what_is_known_of_a_recent_origin_counts(void **state)
{
	CLEANUP(error_quantiles_done) struct error_quantiles s = { 0 };
	double actual[H] = { 0 }, q[LEVELS * H], held[H];

	(void)state;
	error_quantiles_init(&s, H, SEASON, 9);
	for (size_t i = 0; i < 8; i++)
		error_quantiles_add(&s, i * SEASON, actual, none, H, H);
	for (size_t j = 0; j < H; j++)
		actual[j] = j < 10 ? 5 : NAN;
	error_quantiles_add(&s, 9 * SEASON - 10, actual, none, 10, H);
	error_quantiles_at(&s, 9 * SEASON, none, -INFINITY, levels, LEVELS, q, held);
	for (size_t j = 0; j < H; j++)
		assert_true(isfinite(q[HIGH * H + j]));
	assert_true(q[HIGH * H] > 1);
}

/* Every second season all is well, in the others much more came than was expected. */
static void quantiles_of_skew_errors_do_not_cross(void **state)
{
	CLEANUP(error_quantiles_done) struct error_quantiles s = { 0 };
	double actual[H], q[LEVELS * H], held[H];

	(void)state;
	error_quantiles_init(&s, H, SEASON, 6);
	for (size_t i = 0; i < 6; i++) {
		for (size_t j = 0; j < H; j++)
			actual[j] = i % 2 ? -2 + (double)j / 100 : 40 * (double)j;
		error_quantiles_add(&s, i * SEASON, actual, none, H, H);
	}
	error_quantiles_at(&s, 6 * SEASON, none, -INFINITY, levels, LEVELS, q, held);
	for (size_t k = 1; k < LEVELS; k++)
		for (size_t j = 0; j < H; j++)
			assert_true(q[k * H + j] >= q[(k - 1) * H + j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_errors_give_their_own_quantiles),
		cmocka_unit_test(few_seasons_widen_the_tails_more_than_the_middle),
		cmocka_unit_test(large_errors_widen_more_when_they_are_recent),
		cmocka_unit_test(what_is_known_of_a_recent_origin_counts),
		cmocka_unit_test(quantiles_of_skew_errors_do_not_cross),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
