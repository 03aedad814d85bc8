/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_calibration.h"

#include "check.h"
#include "error_sizes.h"
#include "error_tails.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Of the errors by the band between LOW and HIGH: less than 0.95, so that bands which
 * hold are not widened by chance. */
#define HELD 0.93
#define LOW 0.025
#define HIGH 0.975
#define NORMAL 1.96    /* where a normal has HIGH */
#define PSEUDO 8.0     /* pseudo-origins whose errors were those of a normal ... */
#define PSEUDO_OF 128  /* ... at so many quantiles */
#define HALF_LIFE 14.0 /* seasons after which an origin counts half as recent */
#define ENOUGH 5       /* origins before one, to say what it would have got */
#define MOST 3.0       /* times wider */

/* By what a band must be multiplied to hold an error. */
struct needed {
	double factor, weight;
};

/* Quantiles of the shapes of all errors. */
struct band {
	double low, middle, high;
};

static int by_factor(const void *a, const void *b)
{
	const struct needed *x = a, *y = b;

	return (x->factor > y->factor) - (x->factor < y->factor);
}

/* What was known at step t; returns of how many origins all was. */
static size_t known_at(const struct error_quantiles *s, size_t t, size_t *known)
{
	size_t full = 0;

	for (size_t i = 0; i < s->n; i++) {
		known[i] = s->at[i] < t ? MIN(s->known[i], t - s->at[i]) : 0;
		full += known[i] == s->h;
	}
	return full;
}

/* The factors of origin i's own band, by the errors known then, into ret [known]. */
static bool needed_at(const struct error_quantiles *s, size_t i, const struct band *b,
		      double *ret)
{
	const size_t m = MAX(s->season, (size_t)1);
	CLEANUP(free) size_t *known = xcalloc(s->n, sizeof(*known));
	CLEANUP(free) double *errors = xcalloc(s->h, sizeof(double));
	CLEANUP(error_sizes_done) struct error_sizes by = { 0 };
	struct error_quantiles then = *s;

	then.known = known;
	if (known_at(s, s->at[i], known) < ENOUGH)
		return false;
	error_sizes_init(&by, &then, s->at[i]);
	error_independent(&then, errors);
	for (size_t j = 0; j < s->known[i]; j++) {
		const double size =
			by.ahead[j] * by.recent[j] * by.season[(s->at[i] + j) % m];
		const double off = s->error[i * s->h + j] / size - b->middle;
		const double wide = off > 0 ? b->high - b->middle : b->middle - b->low;

		ret[j] =
			fabs(off) / fmax(wide * error_widening(NORMAL, errors[j]), 1e-12);
	}
	return true;
}

/* The least factor, 1 or more, that holds enough of v [n + PSEUDO_OF]. */
static double factor_of(struct needed *v, size_t n)
{
	double total = 0, sum = 0;
	size_t k = 0;

	for (size_t i = 0; i < PSEUDO_OF; i++)
		v[n++] = (struct needed){
			gsl_cdf_ugaussian_Pinv(0.5 +
					       ((double)i + 0.5) / (2 * PSEUDO_OF)) /
				NORMAL,
			PSEUDO / PSEUDO_OF,
		};
	for (size_t i = 0; i < n; i++)
		total += v[i].weight;
	qsort(v, n, sizeof(*v), by_factor);
	for (; k + 1 < n && (sum += v[k].weight) < HELD * total; k++)
		;
	return fmin(fmax(v[k].factor, 1), MOST);
}

void error_calibrate(const struct error_quantiles *s, size_t t, const double *shapes,
		     size_t count, double *ret)
{
	const size_t season = s->season ? s->season : s->h;
	const size_t end = MIN(s->h, season / CALIBRATED_PART);
	const struct band band = {
		.low = gsl_stats_quantile_from_sorted_data(shapes, 1, count, LOW),
		.middle = gsl_stats_median_from_sorted_data(shapes, 1, count),
		.high = gsl_stats_quantile_from_sorted_data(shapes, 1, count, HIGH),
	};
	CLEANUP(free) double *need = xcalloc(s->n * s->h, sizeof(double));
	CLEANUP(free) double *weight = xcalloc(s->n, sizeof(double));
	CLEANUP(free)
	struct needed *v = xcalloc(s->n * s->h + PSEUDO_OF, sizeof(*v));

	for (size_t j = 0; j < s->h; j++)
		ret[j] = 1;
	for (size_t i = 0; i < s->n && end > 0; i++)
		if (needed_at(s, i, &band, need + i * s->h))
			weight[i] = exp2(-(double)(t - s->at[i]) /
					 (HALF_LIFE * (double)season));
	for (size_t a = 0, b = MAX(season / 24, (size_t)1); a < end; a = b, b *= 2) {
		const size_t lo = a / 2, hi = MIN(2 * b, s->h);
		double factor;
		size_t n = 0;

		for (size_t i = 0; i < s->n; i++)
			for (size_t j = lo; weight[i] > 0 && j < MIN(hi, s->known[i]);
			     j++)
				v[n++] = (struct needed){
					need[i * s->h + j],
					weight[i] / (double)(hi - lo),
				};
		factor = factor_of(v, n);
		for (size_t j = a; j < MIN(b, end); j++)
			ret[j] = factor;
	}
}

double error_calibrated(double factor, double x)
{
	return 1 + (factor - 1) * fmin(fabs(x) / NORMAL, 1);
}
