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

/* A band's minutes that have what the kind is measured by. */
struct medians {
	double demand, measured;
	size_t n;
};

static struct medians medians_of(const struct minutes *m, size_t band, enum kind kind)
{
	double x[CAPACITY_MINUTES], y[CAPACITY_MINUTES];
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct point *p = &m->v[i];
		const double v = (double)(kind == BUSY ? p->u : p->r);

		if (p->band != band || isnan(v))
			continue;
		x[n] = (double)p->x;
		y[n++] = v;
	}
	if (n < BAND_LEAST)
		return (struct medians){ NAN, NAN, n };
	return (struct medians){ gsl_stats_median(x, 1, n), gsl_stats_median(y, 1, n),
				 n };
}

static double by_utilisation(const struct minutes *m, double target)
{
	double served = NAN, too_much = NAN;

	for (size_t k = 0; k < CAPACITY_BANDS - 1; k++) {
		const struct medians v = medians_of(m, k, BUSY);
		const double x = v.demand, u = v.measured;

		if (v.n < BAND_LEAST)
			continue;
		if (u < CAPACITY_SATURATED)
			served = fmax(served, fmin(SAFE_GROWTH * x, x * target / u));
		else
			too_much = fmin(too_much, x * target);
	}
	return fmin(served, too_much);
}

static double by_latency(const struct minutes *m)
{
	double shortest = NAN, best = NAN;

	for (size_t k = 0; k < CAPACITY_BANDS - 1; k++)
		shortest = fmin(shortest, medians_of(m, k, SLOW).measured);
	for (size_t k = 0; k < CAPACITY_BANDS - 1; k++) {
		const struct medians v = medians_of(m, k, SLOW);

		if (v.measured <= SLOW_AT_MOST * shortest)
			best = fmax(best, v.demand);
	}
	return best;
}

double capacity_cautious(const struct minutes *m, double target)
{
	const double v = by_utilisation(m, target);

	return isnan(v) ? by_latency(m) : v;
}
