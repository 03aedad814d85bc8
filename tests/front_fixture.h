/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front_fixture.h - the demand of a tier and of one behind it, by minutes.
 */
#ifndef TESTS_FRONT_FIXTURE_H
#define TESTS_FRONT_FIXTURE_H

#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stddef.h>

#define FRONT_DAY 1440

static inline __attribute__((unused)) gsl_rng *front_dice(unsigned long seed)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(r, seed);
	return r;
}

/* Requests per second: by day twice those of the night, wandering, and twice a day half
 * as many again or more for up to an hour. */
static inline __attribute__((unused)) void make_front(double *y, size_t n,
						      unsigned long seed)
{
	gsl_rng *r = front_dice(seed);
	double wander = 0, burst = 0, aim = 0;
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		const double day = (double)i / FRONT_DAY;

		if (left > 0 && --left == 0)
			aim = 0;
		if (left == 0 && gsl_rng_uniform(r) < 2.0 / FRONT_DAY) {
			aim = 0.3 + 1.2 * gsl_rng_uniform(r);
			left = 10 + gsl_rng_uniform_int(r, 50);
		}
		burst += (aim - burst) / 3;
		wander = 0.98 * wander + gsl_ran_gaussian(r, 0.02);
		y[i] = 500 * (1 + 0.5 * sin(2 * M_PI * day)) * exp(wander) * (1 + burst) *
		       (1 + gsl_ran_gaussian(r, 0.006));
	}
	gsl_rng_free(r);
}

/* Each request makes 0.4 of them, `lag` minutes later, with noise of 3 %. */
static inline __attribute__((unused)) void make_back(double *back, const double *front,
						     size_t n, size_t lag,
						     unsigned long seed)
{
	gsl_rng *r = front_dice(seed);

	for (size_t i = 0; i < n; i++)
		back[i] = 0.4 * front[i > lag ? i - lag : 0] *
			  exp(gsl_ran_gaussian(r, 0.03));
	gsl_rng_free(r);
}

#endif
