/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_held.c - what the band held of the past, as the outlook tells it, and what follows
 * from it for the band.
 */
#include "outlook.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#define HOUR_MS INT64_C(3600000)
#define DAY 24
#define DAYS 28
#define AHEAD (3 * DAY)

static const double levels[] = { 0.025, 0.975 };

/* Days alike but for noise, which is as many times as large over the last hours. */
static void make(double *y, size_t n, size_t last, double times)
{
	gsl_rng *g = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(g, 7);
	for (size_t i = 0; i < n; i++)
		y[i] = 100 * (1 + 0.4 * sin(2 * M_PI * (double)i / DAY)) +
		       gsl_ran_gaussian(g, i + last >= n ? 5 * times : 5);
	gsl_rng_free(g);
}

static struct outlook look(const double *y, size_t n)
{
	const struct uplift_series s = { .y = y, .n = n, .step_ms = HOUR_MS };
	struct outlook o = { 0 };
	struct err e;

	assert_ok(outlook_make(&s, AHEAD, levels, 2, &o, &e), &e);
	return o;
}

static double width_first(const struct outlook *o)
{
	return o->f->q[AHEAD] - o->f->q[0];
}

static void what_past_bands_held_is_told_by_distance(void **state)
{
	static double y[DAYS * DAY];
	struct outlook_held held[OUTLOOK_HELD];
	struct outlook o;

	(void)state;
	make(y, DAYS * DAY, 0, 1);
	o = look(y, DAYS * DAY);
	assert_int_equal(outlook_held(&o, HOUR_MS, held), OUTLOOK_HELD);
	assert_int_equal(held[0].ahead_ms, HOUR_MS);
	assert_int_equal(held[3].ahead_ms, 72 * HOUR_MS);
	for (size_t k = 0; k < OUTLOOK_HELD; k++)
		assert_close(held[k].share, 0.95, 0.05);
	outlook_done(&o);
}

static void nothing_is_told_from_a_past_that_is_too_short(void **state)
{
	static double y[DAY];
	struct outlook_held held[OUTLOOK_HELD];
	struct outlook o;

	(void)state;
	make(y, DAY / 4, 0, 1);
	o = look(y, DAY / 4);
	assert_int_equal(outlook_held(&o, HOUR_MS, held), OUTLOOK_HELD);
	for (size_t k = 0; k < OUTLOOK_HELD; k++)
		assert_true(isnan(held[k].share));
	outlook_done(&o);
}

static void errors_that_grew_within_two_days_widen_the_next_hours_band(void **state)
{
	static double calm[DAYS * DAY], rough[DAYS * DAY];
	struct outlook a, b;

	(void)state;
	make(calm, DAYS * DAY, 0, 1);
	make(rough, DAYS * DAY, 2 * DAY, 3);
	a = look(calm, DAYS * DAY);
	b = look(rough, DAYS * DAY);
	assert_true(width_first(&b) > 1.5 * width_first(&a));
	outlook_done(&a);
	outlook_done(&b);
}

static void errors_that_shrank_narrow_the_next_hours_band(void **state)
{
	static double calm[DAYS * DAY], rough[DAYS * DAY];
	struct outlook a, b;

	(void)state;
	make(rough, DAYS * DAY, 0, 1);
	make(calm, DAYS * DAY, 5 * DAY, 0.2);
	a = look(rough, DAYS * DAY);
	b = look(calm, DAYS * DAY);
	assert_true(width_first(&b) < 0.75 * width_first(&a));
	outlook_done(&a);
	outlook_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_past_bands_held_is_told_by_distance),
		cmocka_unit_test(nothing_is_told_from_a_past_that_is_too_short),
		cmocka_unit_test(
			errors_that_grew_within_two_days_widen_the_next_hours_band),
		cmocka_unit_test(errors_that_shrank_narrow_the_next_hours_band),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
