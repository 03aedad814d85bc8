/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "period.h"

#include "check.h"
#include "cleanup.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define CHANCE 1e-3  /* a season is less likely than this without there being one */
#define LEAST 0.2    /* correlation below which a season is of no use */
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

/* Squared size of the transform of x [n], padded with zeros to size, into p [size / 2 +
 * 1]; f [size] is left as the transform of that: the autocovariances. */
static void spectrum(const double *x, size_t n, size_t size, double *f, double *p)
{
	memset(f, 0, size * sizeof(*f));
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
}

/*
 * Autocorrelations r [n] of x, and the periodogram p [size / 2 + 1] of x under a Hann
 * window, so that a strong line does not leak into its neighbours.
 */
static void look_at(const double *x, size_t n, size_t size, double *r, double *p)
{
	CLEANUP(free) double *f = xcalloc(size, sizeof(*f));
	CLEANUP(free) double *w = xcalloc(n, sizeof(*w));

	spectrum(x, n, size, f, p);
	for (size_t k = 0; k < n; k++)
		r[k] = f[0] > 0 ? f[k] / f[0] * (double)n / (double)(n - k) : 0;
	for (size_t k = 0; k < n; k++)
		w[k] = x[k] * (0.5 - 0.5 * cos(2 * M_PI * (double)k / (double)n));
	spectrum(w, n, size, f, p);
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

/* The usual season that k is as good as, or k. */
static size_t nearest(size_t k, const size_t *usual, size_t n_usual)
{
	for (size_t i = 0; i < n_usual; i++)
		if (k && fabs((double)k / (double)usual[i] - 1) < 0.05)
			return usual[i];
	return k;
}

/* The season with the strongest line in the periodogram that stands the test; steps 0:
 * none. A day comes before the week that it is part of. */
static struct period strongest(const double *x, size_t n, const size_t *usual,
			       size_t n_usual)
{
	size_t size = 1;

	while (size < 2 * n)
		size *= 2;

	CLEANUP(free) double *r = xcalloc(n, sizeof(*r));
	CLEANUP(free) double *p = xcalloc(size / 2 + 1, sizeof(*p));

	look_at(x, n, size, r, p);
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
		const size_t k = nearest(climb(r, n, steps, broad), usual, n_usual);
		const size_t reach = 2 * size / n + 1;

		for (size_t j = top > reach ? top - reach : 0; j <= top + reach; j++)
			p[MIN(j, size / 2)] = 0;
		if (k && k <= n / 3 && r[k] >= LEAST && chance_of(r, n, k) < CHANCE)
			return (struct period){ k, r[k], chance_of(r, n, k) };
	}
	return (struct period){ 0 };
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

/* A season that was taken out leaves a rest beside its line. */
static bool is_there(const struct period *p, size_t n, size_t steps)
{
	for (size_t k = 0; k < n; k++)
		if (fabs((double)steps / (double)p[k].steps - 1) < 0.05)
			return true;
	return false;
}

size_t period_find(const double *y, size_t n, const size_t *usual, size_t n_usual,
		   struct period *ret, size_t max)
{
	CLEANUP(free) double *x = NULL;
	size_t count = 0;

	if (n < 16)
		return 0;
	x = xcalloc(n, sizeof(*x));
	detrend(x, y, n);
	while (count < max) {
		const struct period p = strongest(x, n, usual, n_usual);
		size_t at = count;

		if (p.steps == 0 || is_there(ret, count, p.steps))
			break;
		for (; at > 0 && ret[at - 1].steps > p.steps; at--)
			ret[at] = ret[at - 1];
		ret[at] = p;
		count++;
		remove_season(x, n, p.steps);
	}
	return count;
}
