/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_quantiles.h"

#include "check.h"
#include "error_calibration.h"
#include "error_sizes.h"
#include "error_tails.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

/* The 95 % band. */
#define LOW 0.025
#define HIGH 0.975

void error_quantiles_init(struct error_quantiles *s, size_t h, size_t season, size_t max)
{
	memset(s, 0, sizeof(*s));
	s->h = h;
	s->season = season;
	s->max = max;
	s->error = xcalloc(max * h, sizeof(double));
	s->at = xcalloc(max, sizeof(size_t));
	s->known = xcalloc(max, sizeof(size_t));
	s->reach = xcalloc(max, sizeof(size_t));
}

void error_quantiles_done(struct error_quantiles *s)
{
	free(s->error);
	free(s->at);
	free(s->known);
	free(s->reach);
	memset(s, 0, sizeof(*s));
}

void error_quantiles_add(struct error_quantiles *s, size_t t, const double *actual,
			 const double *forecast, size_t known, size_t reach)
{
	CHECK(s->n < s->max && known >= 1 && known <= reach && reach <= s->h);
	for (size_t j = 0; j < known; j++)
		s->error[s->n * s->h + j] = actual[j] - forecast[j];
	s->known[s->n] = known;
	s->reach[s->n] = reach;
	s->at[s->n++] = t;
}

/* All shapes, ascending, into z [n h]; returns how many. */
static size_t pool(const struct error_quantiles *s, const struct error_sizes *by,
		   double *z)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->known[i]; j++)
			z[n++] = error_shape(s, by, i, j);
	gsl_sort(z, 1, n);
	return n;
}

void error_quantiles_at(const struct error_quantiles *s, size_t t, const double *mean,
			double floor, const double *levels, size_t n, double *q,
			double *held)
{
	const size_t h = s->h, m = MAX(s->season, (size_t)1);
	CLEANUP(free) double *z = xcalloc(s->n * h + 1, sizeof(double));
	CLEANUP(free) double *errors = xcalloc(h, sizeof(double));
	CLEANUP(free) double *widening = xcalloc(h, sizeof(double));
	CLEANUP(free) double *factor = xcalloc(h, sizeof(double));
	CLEANUP(error_sizes_done) struct error_sizes by = { 0 };

	CHECK(s->n > 0);
	error_sizes_init(&by, s, t);
	error_independent(s, errors);

	const size_t count = pool(s, &by, z);
	const struct error_band band = {
		.by = &by,
		.widening = widening,
		.low = gsl_stats_quantile_from_sorted_data(z, 1, count, LOW),
		.middle = gsl_stats_median_from_sorted_data(z, 1, count),
		.high = gsl_stats_quantile_from_sorted_data(z, 1, count, HIGH),
	};

	for (size_t j = 0; j < h; j++)
		widening[j] = error_widening(gsl_cdf_ugaussian_Pinv(HIGH), errors[j]);
	error_calibrate(s, t, &band, factor, held);
	for (size_t k = 0; k < n; k++) {
		const double x = gsl_cdf_ugaussian_Pinv(levels[k]);
		const double from =
			gsl_stats_quantile_from_sorted_data(z, 1, count, levels[k]) -
			band.middle;

		for (size_t j = 0; j < h; j++) {
			const double size =
				by.ahead[j] * by.recent[j] * by.season[(t + j) % m];
			const double off =
				band.middle + from * error_calibrated(factor[j], x) *
						      error_widening(x, errors[j]);

			q[k * h + j] = fmax(floor, mean[j] + size * off);
		}
	}
}
