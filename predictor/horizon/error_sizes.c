/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_sizes.h"

#include "check.h"

#include <math.h>

#define PSEUDO 4.0     /* pseudo-origins without an effect of the season */
#define HALF_LIFE 14.0 /* seasons after which an error counts half as recent */
#define USUAL 7.0      /* pseudo-seasons of errors no larger lately than ever */

void error_sizes_done(struct error_sizes *z)
{
	free(z->ahead);
	free(z->season);
	free(z->recent);
}

/* The mean size of the errors at each step ahead, smoothed over its neighbours. */
static void sizes_ahead(const struct error_quantiles *s, double *size)
{
	const size_t h = s->h;
	CLEANUP(free) double *raw = xcalloc(h, sizeof(double));
	double all = 0;

	for (size_t j = 0; j < h; j++) {
		double count = 0;

		for (size_t i = 0; i < s->n; i++) {
			if (j >= s->known[i])
				continue;
			raw[j] += fabs(s->error[i * h + j]);
			count += 1;
		}
		raw[j] /= count;
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
	const size_t m = MAX(s->season, (size_t)1), reach = m / 24;
	CLEANUP(free) double *sum = xcalloc(m, sizeof(double));
	CLEANUP(free) double *count = xcalloc(m, sizeof(double));

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->known[i]; j++) {
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

double error_shape(const struct error_quantiles *s, const struct error_sizes *z, size_t i,
		   size_t j)
{
	const size_t m = MAX(s->season, (size_t)1);

	return s->error[i * s->h + j] / (z->ahead[j] * z->season[(s->at[i] + j) % m]);
}

/* The steps that the errors are of. */
size_t error_span(const struct error_quantiles *s)
{
	size_t lo = SIZE_MAX, hi = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->known[i] == 0)
			continue;
		lo = MIN(lo, s->at[i]);
		hi = MAX(hi, s->at[i] + s->known[i]);
	}
	return hi - lo;
}

/*
 * How much larger than ever errors were lately before t, in sum and count weighted by
 * age. That of a step ahead is learned from half to twice as many steps ahead: the next
 * hour from the last hours, the next day from the last days.
 */
static void sizes_lately(const struct error_quantiles *s, size_t t, struct error_sizes *z)
{
	const size_t h = s->h, season = s->season ? s->season : h;
	const double life = HALF_LIFE * (double)season;
	CLEANUP(free) double *sum = xcalloc(h + 1, sizeof(double));
	CLEANUP(free) double *count = xcalloc(h + 1, sizeof(double));
	const double younger = exp2(1 / life); /* a step */
	double all = 0, n = 0;

	for (size_t i = 0; i < s->n; i++) {
		double weight = s->known[i] ? exp2(-(double)(t - s->at[i]) / life) : 0;

		for (size_t j = 0; j < s->known[i]; j++, weight *= younger) {
			const double size = fabs(error_shape(s, z, i, j));

			sum[j + 1] += weight * size;
			count[j + 1] += weight;
			all += size;
			n += 1;
		}
	}
	for (size_t j = 0; j < h; j++) {
		sum[j + 1] += sum[j];
		count[j + 1] += count[j];
	}

	const double a_season = n / (double)h * (double)season / (double)error_span(s);
	const double usual = all / n;

	for (size_t j = 0; j < h; j++) {
		const size_t lo = j / 2, hi = MIN(2 * j + 2, h);
		const double more = USUAL * a_season * (double)(hi - lo);

		z->recent[j] = usual > 0 ? ((sum[hi] - sum[lo]) / usual + more) /
						   (count[hi] - count[lo] + more)
					 : 1;
	}
}

void error_sizes_init(struct error_sizes *z, const struct error_quantiles *s, size_t t)
{
	*z = (struct error_sizes){
		.ahead = xcalloc(s->h, sizeof(double)),
		.season = xcalloc(MAX(s->season, (size_t)1), sizeof(double)),
		.recent = xcalloc(s->h, sizeof(double)),
	};
	sizes_ahead(s, z->ahead);
	sizes_in_season(s, z->ahead, z->season);
	sizes_lately(s, t, z);
}
