/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "period.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#define N 3000

static double y[N];
static struct period p[4];

/* Noise, each value of which remembers so much of the one before; variance 1. */
static void make_noise(unsigned long seed, double memory)
{
	gsl_rng *g = gsl_rng_alloc(gsl_rng_mt19937);
	double x = 0;

	gsl_rng_set(g, seed);
	for (size_t i = 0; i < N; i++)
		y[i] = x = memory * x + gsl_ran_gaussian(g, sqrt(1 - memory * memory));
	gsl_rng_free(g);
}

static void add_wave(double size, double steps)
{
	for (size_t i = 0; i < N; i++)
		y[i] += size * sin(2 * M_PI * (double)i / steps);
}

static void a_season_that_is_no_day_is_found_in_noise(void **state)
{
	static const double seasons[] = { 7, 24, 37.3, 86.4, 90, 250.7, 333 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seasons); i++) {
		make_noise(i + 1, 0.8);
		add_wave(1.6, seasons[i]);
		assert_int_equal(period_find(y, N, NULL, 0, p, 4), 1);
		assert_true(fabs((double)p[0].steps - seasons[i]) <
			    1 + 0.02 * seasons[i]);
		assert_true(p[0].chance < 1e-3);
	}
}

static void the_season_is_found_and_not_its_harmonic(void **state)
{
	(void)state;
	make_noise(1, 0);
	add_wave(1, 120);
	add_wave(2, 60.0 * 2 / 3); /* the third of it, and louder */
	assert_true(period_find(y, N, NULL, 0, p, 4) >= 1);
	assert_int_equal(p[0].steps == 40 ? p[1].steps : p[0].steps, 120);
}

static void a_usual_season_keeps_its_length(void **state)
{
	static const size_t usual[] = { 24, 168 };

	(void)state;
	make_noise(2, 0.9);
	add_wave(2, 24);
	add_wave(2, 168);
	assert_int_equal(period_find(y, N, usual, 2, p, 4), 2);
	assert_int_equal(p[0].steps, 24);
	assert_int_equal(p[1].steps, 168);
}

static void a_usual_season_does_not_hide_one_that_it_repeats(void **state)
{
	static const size_t usual[] = { 288 };

	(void)state;
	make_noise(2, 0.5);
	add_wave(3, 18); /* 90 minutes in steps of 5, and 16 of them are a day */
	assert_int_equal(period_find(y, N, usual, 1, p, 4), 1);
	assert_int_equal(p[0].steps, 18);
	add_wave(3, 288);
	assert_int_equal(period_find(y, N, usual, 1, p, 4), 2);
	assert_int_equal(p[0].steps, 18);
	assert_int_equal(p[1].steps, 288);
}

static void a_day_of_two_unlike_halves_is_a_day(void **state)
{
	static const size_t usual[] = { 24 };

	(void)state;
	make_noise(3, 0.5);
	add_wave(2, 12);
	add_wave(1.5, 24);
	assert_int_equal(period_find(y, N, usual, 1, p, 4), 1);
	assert_int_equal(p[0].steps, 24);
}

static void a_season_whose_size_changes_is_told_once(void **state)
{
	(void)state;
	make_noise(3, 0);
	for (size_t i = 0; i < N; i++)
		y[i] += (1 + (double)i / 500) * sin(2 * M_PI * (double)i / 50);
	assert_int_equal(period_find(y, N, NULL, 0, p, 4), 1);
	assert_int_equal(p[0].steps, 50);
}

static void two_freaks_are_no_season(void **state)
{
	(void)state;
	make_noise(4, 0.5);
	y[700] = y[1400] = 500;
	assert_int_equal(period_find(y, N, NULL, 0, p, 4), 0);
}

static void noise_with_a_memory_has_hardly_ever_a_season(void **state)
{
	static const double memories[] = { 0, 0.5, 0.9, 0.99, 0.999 };
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(memories); i++) {
		for (unsigned long seed = 1; seed <= 40; seed++) {
			make_noise(seed, memories[i]);
			found += period_find(y, N, NULL, 0, p, 4) > 0;
		}
	}
	assert_true(found <= 6); /* of 200 */
}

/* Two steps are no season, but each even number of them repeats as well. */
static void values_that_alternate_have_even_seasons_or_none(void **state)
{
	static const size_t usual[] = { 288, 2016 };

	(void)state;
	for (size_t i = 0; i < N; i++)
		y[i] = 20 + (double)(i % 2);
	for (size_t n = 16; n <= N; n += 35) {
		for (size_t k = period_find(y, n, usual, 2, p, 4); k > 0; k--) {
			assert_in_range(p[k - 1].steps, 4, n / 3);
			assert_int_equal(p[k - 1].steps % 2, 0);
		}
	}
}

static void what_is_too_short_or_constant_has_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++)
		y[i] = 3;
	assert_int_equal(period_find(y, N, NULL, 0, p, 4), 0);
	assert_int_equal(period_find(y, 15, NULL, 0, p, 4), 0);
	make_noise(5, 0);
	add_wave(9, 1200); /* fits in twice */
	assert_int_equal(period_find(y, N, NULL, 0, p, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_season_that_is_no_day_is_found_in_noise),
		cmocka_unit_test(the_season_is_found_and_not_its_harmonic),
		cmocka_unit_test(a_usual_season_keeps_its_length),
		cmocka_unit_test(a_usual_season_does_not_hide_one_that_it_repeats),
		cmocka_unit_test(a_day_of_two_unlike_halves_is_a_day),
		cmocka_unit_test(a_season_whose_size_changes_is_told_once),
		cmocka_unit_test(two_freaks_are_no_season),
		cmocka_unit_test(noise_with_a_memory_has_hardly_ever_a_season),
		cmocka_unit_test(values_that_alternate_have_even_seasons_or_none),
		cmocka_unit_test(what_is_too_short_or_constant_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
