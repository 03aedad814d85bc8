/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlogram.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define CHANCE 1e-3 /* a season is less likely than this without there being one */
#define LEAST 0.25  /* rise of the correlation below which a season is of no use */

size_t correlogram_peak(const struct correlogram *v, double lo, double hi)
{
	const size_t last = MIN((size_t)fmax(ceil(hi), 0), v->n / 3);
	size_t best = 0;

	for (size_t k = (size_t)fmax(4, floor(lo)); k <= last; k++)
		if (v->r[k] > v->r[k - 1] && v->r[k] >= v->r[k + 1] &&
		    (!best || v->r[k] > v->r[best]))
			best = k;
	return best;
}

/* The lowest correlations within reach before and after k. */
static void troughs(const struct correlogram *v, size_t k, size_t reach, double *before,
		    double *after)
{
	*before = *after = v->r[k];
	for (size_t i = k - reach; i < k; i++)
		*before = fmin(*before, v->r[i]);
	for (size_t i = k + 1; i <= MIN(k + reach, v->n - 1); i++)
		*after = fmin(*after, v->r[i]);
}

/* How far r[k] is above the troughs on both sides: a slow series is correlated at every
 * lag, and without a season there is no peak. */
static double rise_at(const struct correlogram *v, size_t k)
{
	double before, after;

	troughs(v, k, k - k / 2, &before, &after);
	return v->r[k] - fmax(before, after);
}

double correlogram_chance(const struct correlogram *v, size_t k)
{
	double variance = 1;

	for (size_t i = 1; i < k && v->r[i] > 0; i++)
		variance += 2 * v->r[i] * v->r[i];
	return gsl_cdf_ugaussian_Q(fmin(rise_at(v, k), v->r[k]) /
				   sqrt(variance / (double)v->n));
}

bool correlogram_is_season(const struct correlogram *v, size_t k)
{
	return k && v->r[k] >= LEAST && rise_at(v, k) >= LEAST &&
	       correlogram_chance(v, k) < CHANCE;
}

double correlogram_height(const struct correlogram *v, size_t k, size_t reach)
{
	double before, after;

	troughs(v, k, reach, &before, &after);
	return v->r[k] - 0.5 * (before + after);
}
