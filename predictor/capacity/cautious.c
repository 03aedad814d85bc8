/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cautious.c - the cautious capacity that is used while no law is known.
 */
#include "state.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define SAFE_GROWTH 2
#define SLOW_AT_MOST 2 /* times the shortest time: served well */
#define BAND_LEAST 3   /* minutes */

static double median_of(const struct band *b, enum kind kind, size_t *ret_n)
{
	double v[CAPACITY_DEPTH];
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const double y = (double)(kind == BUSY ? b->v[i].u : b->v[i].r);

		if (!isnan(y))
			v[n++] = y;
	}
	*ret_n = n;
	return n ? gsl_stats_median(v, 1, n) : NAN;
}

static double median_demand(const struct band *b)
{
	double v[CAPACITY_DEPTH];

	for (size_t i = 0; i < b->n; i++)
		v[i] = (double)b->v[i].x;
	return gsl_stats_median(v, 1, b->n);
}

static double by_utilisation(const struct capacity *c)
{
	double served = NAN, too_much = NAN;

	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const struct band *b = &c->bands[k];
		size_t n;
		const double u = median_of(b, BUSY, &n);

		if (n < BAND_LEAST)
			continue;

		const double x = median_demand(b);

		if (u < CAPACITY_SATURATED)
			served = fmax(served, fmin(SAFE_GROWTH * x, x * c->target / u));
		else
			too_much = fmin(too_much, x * c->target);
	}
	return fmin(served, too_much);
}

static double by_latency(const struct capacity *c)
{
	double shortest = NAN, best = NAN;
	size_t n;

	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const double r = median_of(&c->bands[k], SLOW, &n);

		if (n >= BAND_LEAST)
			shortest = fmin(shortest, r);
	}
	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const double r = median_of(&c->bands[k], SLOW, &n);

		if (n >= BAND_LEAST && r <= SLOW_AT_MOST * shortest)
			best = fmax(best, median_demand(&c->bands[k]));
	}
	return best;
}

double capacity_cautious(const struct capacity *c)
{
	const double v = by_utilisation(c);

	return isnan(v) ? by_latency(c) : v;
}
