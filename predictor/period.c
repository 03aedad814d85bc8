/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "period.h"

#include "check.h"
#include "cleanup.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <math.h>
#include <string.h>

#define CHANCE 1e-4  /* a season is less likely than this without there being one */
#define LEAST 0.1    /* correlation below which a season is of no use */
#define CANDIDATES 8 /* peaks of the periodogram that are looked at */

/* Takes mean and straight line out. */
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

/*
 * Autocorrelations r [n] and the periodogram p [size / 2 + 1] of x, by the transform of
 * x padded with zeros to size, a power of two of at least 2 n.
 */
static void spectrum(const double *x, size_t n, size_t size, double *r, double *p)
{
	CLEANUP(free) double *f = xcalloc(size, sizeof(*f));

	memcpy(f, x, n * sizeof(*f));
	gsl_fft_real_radix2_transform(f, 1, size);
	p[0] = f[0] = f[0] * f[0];
	p[size / 2] = f[size / 2] = f[size / 2] * f[size / 2];
	for (size_t k = 1; k < size / 2; k++) {
		p[k] = f[k] * f[k] + f[size - k] * f[size - k];
		f[k] = p[k];
		f[size - k] = 0;
	}
	gsl_fft_halfcomplex_radix2_inverse(f, 1, size);
	for (size_t k = 0; k < n; k++)
		r[k] = f[0] > 0 ? f[k] / f[0] * (double)n / (double)(n - k) : 0;
}

/* The highest autocorrelation near a proposed period, if it is a peak; else 0. */
static size_t climb(const double *r, size_t n, double proposed, double width)
{
	const size_t lo = (size_t)fmax(4, floor(proposed - width));
	const size_t hi = MIN((size_t)ceil(proposed + width), n / 3);
	size_t best = 0;

	for (size_t k = lo; k <= hi; k++)
		if (r[k] > r[k - 1] && r[k] >= r[k + 1] && (!best || r[k] > r[best]))
			best = k;
	return best;
}

/* The chance of r[k] in a series that is correlated only over its first lags. */
static double chance_of(const double *r, size_t n, size_t k)
{
	double variance = 1;

	for (size_t i = 1; i < k && r[i] > 0; i++)
		variance += 2 * r[i] * r[i];
	return gsl_cdf_ugaussian_Q(r[k] / sqrt(variance / (double)n));
}

/* The best season of x, steps 0: none. */
static struct period best_of(const double *x, size_t n)
{
	size_t size = 1;
	struct period best = { 0 };

	while (size < 2 * n)
		size *= 2;

	CLEANUP(free) double *r = xcalloc(n, sizeof(*r));
	CLEANUP(free) double *p = xcalloc(size / 2 + 1, sizeof(*p));

	spectrum(x, n, size, r, p);
	for (int c = 0; c < CANDIDATES; c++) {
		size_t top = 0;

		for (size_t k = 3 * size / n; k <= size / 4; k++)
			if (!top || p[k] > p[top])
				top = k;
		if (!top || !(p[top] > 0))
			break;

		/* The line is as broad as the series is short. */
		const double steps = (double)size / (double)top;
		const double broad = steps * steps / (double)n + 1;
		const size_t k = climb(r, n, steps, broad);
		const size_t reach = size / n + 1;

		for (size_t j = top > reach ? top - reach : 0; j <= top + reach; j++)
			p[MIN(j, size / 2)] = 0;
		if (!k || r[k] < LEAST || r[k] <= best.correlation)
			continue;
		if (chance_of(r, n, k) < CHANCE)
			best = (struct period){ k, r[k], chance_of(r, n, k) };
	}
	return best;
}

static void remove_season(double *x, size_t n, size_t m)
{
	for (size_t s = 0; s < m; s++) {
		double mean = 0;
		size_t count = 0;

		for (size_t i = s; i < n; i += m, count++)
			mean += x[i];
		for (size_t i = s; i < n; i += m)
			x[i] -= mean / (double)count;
	}
}

size_t period_find(const double *y, size_t n, struct period *ret, size_t max)
{
	CLEANUP(free) double *x = NULL;
	size_t count = 0;

	if (n < 16)
		return 0;
	x = xcalloc(n, sizeof(*x));
	detrend(x, y, n);
	while (count < max) {
		const struct period p = best_of(x, n);
		size_t at = count;

		if (p.steps == 0)
			break;
		for (; at > 0 && ret[at - 1].steps > p.steps; at--)
			ret[at] = ret[at - 1];
		ret[at] = p;
		count++;
		remove_season(x, n, p.steps);
	}
	return count;
}
