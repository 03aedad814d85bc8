/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_bands.c - how many of the values that came the 95 % band of horizon_forecast()
 * held, over many random series of one kind.
 */
#include "check.h"
#include "forecast.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>

#define DAY 24
#define SERIES 300

struct kind {
	size_t days, season;
	double shifts; /* of the level, a day, at random times */
	double size;   /* of a shift, in the logarithm */
};

/* Shares held in the first hours and over the day. */
struct held {
	double hours, day;
};

static void make(const struct kind *k, gsl_rng *g, double *y, size_t n)
{
	const double wave = gsl_ran_flat(g, 0.2, 0.7);
	const double phase = gsl_ran_flat(g, 0, 2 * M_PI);
	double level = 0;

	for (size_t i = 0; i < n; i++) {
		if (gsl_rng_uniform(g) < k->shifts / DAY)
			level += gsl_ran_gaussian(g, k->size);
		y[i] = 100 * exp(level + gsl_ran_gaussian(g, 0.05));
		if (k->season)
			y[i] *= 1 + wave * sin(2 * M_PI * (double)i / DAY + phase);
	}
}

static double share(const struct horizon *f, const double *actual, size_t h)
{
	double inside = 0;

	for (size_t j = 0; j < h; j++)
		inside += actual[j] >= f->q[j] && actual[j] <= f->q[f->h + j];
	return inside / (double)h;
}

static struct held hold(const struct kind *k)
{
	static const double levels[] = { 0.025, 0.975 };
	const struct horizon_opts o = {
		.h = DAY, .seasons = { k->season }, .levels = levels, .n_levels = 2
	};
	const size_t n = k->days * DAY;
	gsl_rng *g = gsl_rng_alloc(gsl_rng_mt19937);
	double *y = xcalloc(n + DAY, sizeof(*y));
	struct held held = { 0 };

	gsl_rng_set(g, 5);
	for (size_t s = 0; s < SERIES; s++) {
		struct horizon *f = NULL;
		struct err e;

		make(k, g, y, n + DAY);
		assert_ok(horizon_forecast(y, n, &o, &f, &e), &e);
		held.hours += share(f, y + n, 3) / SERIES;
		held.day += share(f, y + n, DAY) / SERIES;
		horizon_free(f);
	}
	free(y);
	gsl_rng_free(g);
	return held;
}

static void four_weeks_of_days_with_shifts_of_the_level(void **state)
{
	const struct kind k = { .days = 28, .season = DAY, .shifts = 0.2, .size = 0.35 };
	const struct held held = hold(&k);

	(void)state;
	assert_close(held.hours, 0.95, 0.02);
	assert_close(held.day, 0.95, 0.025);
}

static void two_weeks_of_days_with_shifts_of_the_level(void **state)
{
	const struct kind k = { .days = 14, .season = DAY, .shifts = 1, .size = 0.2 };
	const struct held held = hold(&k);

	(void)state;
	assert_close(held.hours, 0.95, 0.02);
	assert_close(held.day, 0.95, 0.02);
}

static void a_week_of_days_with_shifts_of_the_level(void **state)
{
	const struct kind k = { .days = 7, .season = DAY, .shifts = 0.5, .size = 0.25 };
	const struct held held = hold(&k);

	(void)state;
	assert_close(held.hours, 0.95, 0.02);
	assert_close(held.day, 0.95, 0.02);
}

static void a_few_days_with_shifts_of_the_level_and_no_season(void **state)
{
	const struct kind k = { .days = 4, .shifts = 0.5, .size = 0.25 };
	const struct held held = hold(&k);

	(void)state;
	assert_true(held.hours > 0.9);
	assert_close(held.day, 0.95, 0.02);
}

static void a_steady_series_gets_no_wider_band_for_it(void **state)
{
	const struct kind k = { .days = 28, .season = DAY };
	const struct held held = hold(&k);

	(void)state;
	assert_close(held.hours, 0.95, 0.02);
	assert_close(held.day, 0.95, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_weeks_of_days_with_shifts_of_the_level),
		cmocka_unit_test(two_weeks_of_days_with_shifts_of_the_level),
		cmocka_unit_test(a_week_of_days_with_shifts_of_the_level),
		cmocka_unit_test(a_few_days_with_shifts_of_the_level_and_no_season),
		cmocka_unit_test(a_steady_series_gets_no_wider_band_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
