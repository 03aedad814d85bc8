/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_quantiles.h"

#include "check.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define FEW 4.5    /* widening by few seasons; see widening() */
#define PSEUDO 4.0 /* pseudo-origins without an effect of the season */

void error_quantiles_init(struct error_quantiles *s, size_t h, size_t season, size_t max)
{
	memset(s, 0, sizeof(*s));
	s->h = h;
	s->season = MAX(season, (size_t)1);
	s->max = max;
	s->error = xcalloc(max * h, sizeof(double));
	s->at = xcalloc(max, sizeof(size_t));
}

void error_quantiles_done(struct error_quantiles *s)
{
	free(s->error);
	free(s->at);
	memset(s, 0, sizeof(*s));
}

void error_quantiles_add(struct error_quantiles *s, size_t t, const double *actual,
			 const double *forecast)
{
	CHECK(s->n < s->max);
	for (size_t j = 0; j < s->h; j++)
		s->error[s->n * s->h + j] = actual[j] - forecast[j];
	s->at[s->n++] = t;
}

/* The mean size of the errors at each step ahead, smoothed over its neighbours. */
static void sizes_ahead(const struct error_quantiles *s, double *size)
{
	const size_t h = s->h;
	CLEANUP(free) double *raw = xcalloc(h, sizeof(double));
	double all = 0;

	for (size_t j = 0; j < h; j++) {
		for (size_t i = 0; i < s->n; i++)
			raw[j] += fabs(s->error[i * h + j]) / (double)s->n;
		all += raw[j] / (double)h;
	}
	for (size_t j = 0; j < h; j++) {
		const size_t reach = MIN(MIN(j, h / 12), h - 1 - j);

		size[j] = 1e-9 * all + 1e-300;
		for (size_t k = j - reach; k <= j + reach; k++)
			size[j] += raw[k] / (double)(2 * reach + 1);
	}
}

/* How much larger than usual errors are at each time of the season. */
static void sizes_in_season(const struct error_quantiles *s, const double *ahead,
			    double *size)
{
	const size_t m = s->season, reach = m / 24;
	CLEANUP(free) double *sum = xcalloc(m, sizeof(double));
	CLEANUP(free) double *count = xcalloc(m, sizeof(double));

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->h; j++) {
			const size_t at = (s->at[i] + j) % m;

			sum[at] += fabs(s->error[i * s->h + j]) / ahead[j];
			count[at] += 1;
		}
	for (size_t k = 0; k < m; k++) {
		double a = PSEUDO, b = PSEUDO;

		for (size_t d = 0; d <= 2 * reach; d++) {
			a += sum[(k + m + d - reach) % m];
			b += count[(k + m + d - reach) % m];
		}
		size[k] = a / b;
	}
}

/*
 * Successive errors are alike, the more the farther ahead they are, but less like those
 * to come: the fewer seasons were observed, the wider.
 */
static double widening(const struct error_quantiles *s, size_t j)
{
	size_t lo = SIZE_MAX, hi = 0;

	for (size_t i = 0; i < s->n; i++) {
		lo = MIN(lo, s->at[i]);
		hi = MAX(hi, s->at[i] + s->h);
	}

	const double alike = 0.5 * (double)(s->season + MIN(j + 1, s->season));

	return 1 + FEW / fmax((double)(hi - lo) / alike - 1, 1);
}

void error_quantiles_at(const struct error_quantiles *s, size_t t, const double *mean,
			double floor, const double *levels, size_t n, double *q)
{
	const size_t h = s->h, count = s->n * h;
	CLEANUP(free) double *ahead = xcalloc(h, sizeof(double));
	CLEANUP(free) double *season = xcalloc(s->season, sizeof(double));
	CLEANUP(free) double *z = xcalloc(count + 1, sizeof(double));

	if (s->n > 0) {
		sizes_ahead(s, ahead);
		sizes_in_season(s, ahead, season);
	}
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < h; j++)
			z[i * h + j] = s->error[i * h + j] /
				       (ahead[j] * season[(s->at[i] + j) % s->season]);
	gsl_sort(z, 1, count);
	for (size_t j = 0; s->n > 0 && j < h; j++)
		ahead[j] *= widening(s, j);
	for (size_t k = 0; k < n; k++) {
		const double at = count ? gsl_stats_quantile_from_sorted_data(z, 1, count,
									      levels[k])
					: 0;

		for (size_t j = 0; j < h; j++)
			q[k * h + j] = fmax(
				floor,
				mean[j] + at * ahead[j] * season[(t + j) % s->season]);
	}
}
