/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "period.h"

#include "check.h"
#include "cleanup.h"
#include "correlogram.h"
#include "spectrum.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LINES 8     /* peaks of the periodogram that are looked at */
#define MULTIPLES 8 /* of each: a line may be a harmonic of the season */
#define NEARLY 0.5  /* of the best correlation: the shortest season with as much is it */
#define SAME_PEAK 0.9 /* of a peak's correlation is still the same peak */
#define CLOSE 0.05    /* relative difference of seasons that are one */
/* Spreads from where on a value counts no more: two outliers would be taken for a season
 * that is as long as they are apart. */
#define OUTLIER 4.0
#define INTEGER_TOLERANCE 0.1 /* a number this close to an integer is one */
#define ALIKE 0.7             /* of a peak's height is as high */

/* Removes mean and linear trend. */
static void detrend(double *x, const double *y, size_t n)
{
	const double mid = 0.5 * (double)(n - 1);
	double mean = 0, slope = 0, square = 0;

	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		slope += ((double)i - mid) * (y[i] - mean);
		square += ((double)i - mid) * ((double)i - mid);
	}
	for (size_t i = 0; i < n; i++)
		x[i] = y[i] - mean - slope / square * ((double)i - mid);
}

static bool is_close(double a, double b)
{
	return fabs(a / b - 1) < CLOSE;
}

/* Lags at which the lines of the periodogram p [size / 2 + 1], or a season that they are
 * harmonics of, would show. Removes the lines from p. */
static size_t propose(const struct correlogram *v, double *p, size_t size, size_t *ret)
{
	const size_t reach = 2 * size / v->n + 1; /* a line is as broad as this */
	size_t count = 0;

	for (int line = 0; line < LINES; line++) {
		size_t top = 0;

		for (size_t k = 1; k <= size / 4; k++)
			if (!top || p[k] > p[top])
				top = k;
		if (!top || !(p[top] > 0))
			break;
		for (size_t j = top > reach ? top - reach : 0; j <= top + reach; j++)
			p[MIN(j, size / 2)] = 0;
		for (int m = 1; m <= MULTIPLES; m++) {
			const double steps = m * (double)size / (double)top;
			const double broad = steps * steps / m / (double)v->n + 1;

			ret[count] = correlogram_peak(v, steps - broad, steps + broad);
			count += correlogram_is_season(v, ret[count]);
		}
	}
	return count;
}

/* A season whose size changes is not removed completely: the rest shows at the season and
 * at its multiples. */
static bool is_rest(const struct correlogram *v, size_t k, const struct period *known,
		    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const size_t m = known[i].steps;
		const double times = fmax(round((double)k / (double)m), 1);

		if (is_close((double)k, times * (double)m) &&
		    (times == 1 || v->r[m] > NEARLY * v->r[k]))
			return true;
	}
	return false;
}

/* The shortest of the seasons that are nearly as strong as the strongest; 0: none. */
static size_t choose(const struct correlogram *v, const size_t *at, size_t n,
		     const struct period *known, size_t n_known)
{
	double most = 0;
	size_t best = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			if (is_rest(v, at[i], known, n_known))
				continue;
			if (pass == 0)
				most = fmax(most, v->r[at[i]]);
			else if (v->r[at[i]] >= NEARLY * most && (!best || at[i] < best))
				best = at[i];
		}
	}
	return best;
}

/* A copy without outliers; the caller's. */
static double *clipped(const double *x, size_t n)
{
	double *y = xcalloc(2 * n, sizeof(*y));
	double most;

	most = OUTLIER * gsl_stats_mad(x, 1, n, y + n);
	for (size_t i = 0; i < n; i++)
		y[i] = most > 0 ? fmin(fmax(x[i], -most), most) : x[i];
	return y;
}

static size_t search(const struct correlogram *v, const struct period *known,
		     size_t n_known)
{
	size_t at[LINES * MULTIPLES + 1], size = 1;

	while (size < 2 * v->n)
		size *= 2;

	CLEANUP(free) double *p = xcalloc(size / 2 + 1, sizeof(*p));
	CLEANUP(free) double *x = clipped(v->x, v->n);

	autocorrelations(x, v->n, size, v->r, p);
	return choose(v, at, propose(v, p, size, at), known, n_known);
}

/* The period between the steps, from where its multiples peak; k where that leads away
 * from the peak of k. */
static double refine(const struct correlogram *v, size_t k)
{
	double steps = (double)k;

	for (size_t m = 2; m * k <= v->n / 3; m++) {
		const double slack = fmax(2, steps / 4);
		const size_t at = correlogram_peak(v, (double)m * steps - slack,
						   (double)m * steps + slack);

		if (at == 0)
			break;
		steps = (double)at / (double)m;
	}
	if (fabs(steps - (double)k) > INTEGER_TOLERANCE * (double)k + 0.5)
		return (double)k;
	return v->r[(size_t)round(steps)] > SAME_PEAK * v->r[k] ? steps : (double)k;
}

/* Removes the mean of each phase. */
static void remove_season(struct correlogram *v, double steps)
{
	const size_t bins = (size_t)round(steps);
	CLEANUP(free) double *mean = xcalloc(bins, sizeof(*mean));
	CLEANUP(free) size_t *count = xcalloc(bins, sizeof(*count));
	CLEANUP(free) size_t *bin = xcalloc(v->n, sizeof(*bin));

	for (size_t i = 0; i < v->n; i++) {
		const double phase = fmod((double)i, steps) / steps;

		bin[i] = MIN((size_t)round(phase * (double)bins), bins) % bins;
		mean[bin[i]] += v->x[i];
		count[bin[i]]++;
	}
	for (size_t i = 0; i < v->n; i++)
		v->x[i] -= mean[bin[i]] / (double)count[bin[i]];
}

/* Noise and a broad peak shift the maximum. */
static bool is_usual(const struct correlogram *v, size_t k)
{
	const size_t peak =
		correlogram_peak(v, (double)k * (1 - CLOSE), (double)k * (1 + CLOSE));

	return k <= v->n / 3 && correlogram_is_season(v, peak) &&
	       v->r[k] > NEARLY * v->r[peak];
}

/*
 * Does the usual season only repeat the one of k steps, as a day repeats each hour? Then
 * the peak at k is as high as that at the usual one. A part that is unlike the other
 * parts, such as half of a day, has a lower one.
 */
static bool is_repeated_by(const struct correlogram *v, size_t k, size_t usual)
{
	const double times = k ? (double)usual / refine(v, k) : 0;

	return times > 1.5 && fabs(times - round(times)) < INTEGER_TOLERANCE &&
	       correlogram_height(v, k, k / 2) >
		       ALIKE * correlogram_height(v, usual, k / 2);
}

/* Adds a season in ascending order and removes it from the series. */
static void take(struct correlogram *v, double steps, struct period *ret, size_t *n)
{
	const size_t k = (size_t)round(steps);
	size_t at = *n;

	for (; at > 0 && ret[at - 1].steps > k; at--)
		ret[at] = ret[at - 1];
	ret[at] = (struct period){ k, v->r[k], correlogram_chance(v, k) };
	++*n;
	remove_season(v, steps);
}

size_t period_find(const double *y, size_t n, const size_t *usual, size_t n_usual,
		   struct period *ret, size_t max)
{
	CLEANUP(free) double *x = NULL;
	CLEANUP(free) double *r = NULL;
	size_t count = 0;

	if (n < 16)
		return 0;
	x = xcalloc(n, sizeof(*x));
	r = xcalloc(n, sizeof(*r));
	detrend(x, y, n);

	struct correlogram v = { n, x, r };

	for (size_t i = 0; i < n_usual && count < max;) {
		const size_t k = search(&v, ret, count);

		if (is_usual(&v, usual[i]) && is_repeated_by(&v, k, usual[i])) {
			take(&v, refine(&v, k), ret, &count);
			continue; /* search the rest for the usual one again */
		}
		if (is_usual(&v, usual[i]))
			take(&v, (double)usual[i], ret, &count);
		i++;
	}
	while (count < max) {
		const size_t k = search(&v, ret, count);

		if (k == 0)
			break;
		take(&v, refine(&v, k), ret, &count);
	}
	return count;
}
