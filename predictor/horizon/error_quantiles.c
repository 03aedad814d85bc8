/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_quantiles.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define PSEUDO 4.0      /* pseudo-origins without an effect of the season */
#define HALF_LIFE 14.0  /* seasons after which an error counts half as recent */
#define USUAL 7.0       /* pseudo-seasons of errors no larger lately than ever */
#define FREEDOM 0.4     /* degrees of freedom an independent error; see widening() */
#define FREEDOM_MIN 2.0 /* of any number of them */

/* What errors are divided by, and what those to come are multiplied by. */
struct sizes {
	double *ahead;  /* [h] */
	double *season; /* [season or 1] */
	double *recent; /* [h] */
};

static void sizes_done(struct sizes *z)
{
	free(z->ahead);
	free(z->season);
	free(z->recent);
}
DEFINE_CLEANUP_OBJECT(struct sizes, sizes_done);

void error_quantiles_init(struct error_quantiles *s, size_t h, size_t season, size_t max)
{
	memset(s, 0, sizeof(*s));
	s->h = h;
	s->season = season;
	s->max = max;
	s->error = xcalloc(max * h, sizeof(double));
	s->at = xcalloc(max, sizeof(size_t));
	s->known = xcalloc(max, sizeof(size_t));
}

void error_quantiles_done(struct error_quantiles *s)
{
	free(s->error);
	free(s->at);
	free(s->known);
	memset(s, 0, sizeof(*s));
}

void error_quantiles_add(struct error_quantiles *s, size_t t, const double *actual,
			 const double *forecast, size_t known)
{
	CHECK(s->n < s->max && known >= 1 && known <= s->h);
	for (size_t j = 0; j < known; j++)
		s->error[s->n * s->h + j] = actual[j] - forecast[j];
	s->known[s->n] = known;
	s->at[s->n++] = t;
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

static double shape(const struct error_quantiles *s, const struct sizes *z, size_t i,
		    size_t j)
{
	const size_t m = MAX(s->season, (size_t)1);

	return s->error[i * s->h + j] / (z->ahead[j] * z->season[(s->at[i] + j) % m]);
}

/* The steps that the errors are of. */
static size_t span(const struct error_quantiles *s)
{
	size_t lo = SIZE_MAX, hi = 0;

	for (size_t i = 0; i < s->n; i++) {
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
static void sizes_lately(const struct error_quantiles *s, size_t t, struct sizes *z)
{
	const size_t h = s->h, season = s->season ? s->season : h;
	const double life = HALF_LIFE * (double)season;
	CLEANUP(free) double *sum = xcalloc(h + 1, sizeof(double));
	CLEANUP(free) double *count = xcalloc(h + 1, sizeof(double));
	double all = 0, n = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->known[i]; j++) {
			const double age = (double)(t - s->at[i]) - (double)j;
			const double weight = exp2(-age / life);
			const double size = fabs(shape(s, z, i, j));

			sum[j + 1] += weight * size;
			count[j + 1] += weight;
			all += size;
			n += 1;
		}
	for (size_t j = 0; j < h; j++) {
		sum[j + 1] += sum[j];
		count[j + 1] += count[j];
	}

	const double a_season = n / (double)h * (double)season / (double)span(s);
	const double usual = all / n;

	for (size_t j = 0; j < h; j++) {
		const size_t lo = j / 2, hi = MIN(2 * j + 2, h);
		const double more = USUAL * a_season * (double)(hi - lo);

		z->recent[j] = usual > 0 ? ((sum[hi] - sum[lo]) / usual + more) /
						   (count[hi] - count[lo] + more)
					 : 1;
	}
}

/*
 * How many errors are independent, at least one. Those of one season are alike, the more
 * the farther ahead they are; without a season those that overlap are.
 */
static void independent(const struct error_quantiles *s, double *errors)
{
	const size_t m = s->season, steps = span(s);

	for (size_t j = 0; j < s->h; j++) {
		const double alike =
			m ? 0.5 * (double)(m + MIN(j + 1, m)) : (double)(j + 1);

		errors[j] = fmax((double)steps / alike - 1, 1);
	}
}

/*
 * How much farther from the middle a quantile is than past errors say, which a normal has
 * at x: a size known from few errors makes it Student's t, and the weights were chosen on
 * these errors, which makes them smaller than those to come.
 */
static double widening(double x, double errors)
{
	const double f = fmax(FREEDOM * errors, FREEDOM_MIN), u = x * x;
	const double t = 1 + (u + 1) / (4 * f) + ((5 * u + 16) * u + 3) / (96 * f * f) +
			 (((3 * u + 19) * u + 17) * u - 15) / (384 * f * f * f);

	return t * (1 + 1 / errors);
}

/* All shapes, ascending, into z [n h]; returns how many. */
static size_t pool(const struct error_quantiles *s, const struct sizes *by, double *z)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->known[i]; j++)
			z[n++] = shape(s, by, i, j);
	gsl_sort(z, 1, n);
	return n;
}

void error_quantiles_at(const struct error_quantiles *s, size_t t, const double *mean,
			double floor, const double *levels, size_t n, double *q)
{
	const size_t h = s->h, m = MAX(s->season, (size_t)1);
	CLEANUP(free) double *z = xcalloc(s->n * h + 1, sizeof(double));
	CLEANUP(free) double *errors = xcalloc(h, sizeof(double));
	CLEANUP(sizes_done)
	struct sizes by = {
		.ahead = xcalloc(h, sizeof(double)),
		.season = xcalloc(m, sizeof(double)),
		.recent = xcalloc(h, sizeof(double)),
	};

	CHECK(s->n > 0);
	sizes_ahead(s, by.ahead);
	sizes_in_season(s, by.ahead, by.season);
	sizes_lately(s, t, &by);
	independent(s, errors);

	const size_t count = pool(s, &by, z);
	const double middle = gsl_stats_median_from_sorted_data(z, 1, count);

	for (size_t k = 0; k < n; k++) {
		const double x = gsl_cdf_ugaussian_Pinv(levels[k]);
		const double from =
			gsl_stats_quantile_from_sorted_data(z, 1, count, levels[k]) -
			middle;

		for (size_t j = 0; j < h; j++) {
			const double size =
				by.ahead[j] * by.recent[j] * by.season[(t + j) % m];
			const double off = middle + from * widening(x, errors[j]);

			q[k * h + j] = fmax(floor, mean[j] + size * off);
		}
	}
}
