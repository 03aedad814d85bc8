/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "histogram.h"

#include "check.h"

#include <math.h>
#include <string.h>

static double edge(size_t k)
{
	return sinh(HISTOGRAM_LOW + HISTOGRAM_WIDTH * (double)k);
}

static double logistic(double z)
{
	return 1 / (1 + exp(-z));
}

void histogram_init(struct histogram *s, double half_life, double prior_weight)
{
	memset(s, 0, sizeof(*s));
	s->grow = exp2(1.0 / half_life);
	s->weight = 1.0;
	for (size_t k = 0; k < HISTOGRAM_BINS; k++)
		s->mass[k] = (float)(prior_weight *
				     (logistic(edge(k + 1)) - logistic(edge(k))));
	histogram_solve(s);
}

void histogram_add(struct histogram *s, double z)
{
	/* What is on an edge, 0 before all, belongs to the bin above it: a quantile of
	 * what never changes is not below it. */
	const double at = (asinh(z) - HISTOGRAM_LOW) / HISTOGRAM_WIDTH + 1e-9;
	const size_t k = at <= 0                ? 0
			 : at >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1
						: (size_t)at;

	s->mass[k] += (float)s->weight;
	s->weight *= s->grow;
}

void histogram_solve(struct histogram *s)
{
	double sum = 0, above = 0;

	for (size_t k = 0; k < HISTOGRAM_BINS; k++)
		sum += (double)s->mass[k];
	s->over[HISTOGRAM_BINS] = 0;
	for (size_t k = HISTOGRAM_BINS; k-- > 0;) {
		above += (double)s->mass[k];
		s->over[k] = (float)(above / sum);
	}
	if (s->weight > 1e6) {
		for (size_t k = 0; k < HISTOGRAM_BINS; k++)
			s->mass[k] = (float)((double)s->mass[k] / s->weight);
		s->weight = 1.0;
	}
}

size_t histogram_edge(const struct histogram *s, double over)
{
	size_t lo = 0, hi = HISTOGRAM_BINS;

	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;

		if ((double)s->over[mid] > over)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

double histogram_over(const struct histogram *s, double z)
{
	const double at = (asinh(z) - HISTOGRAM_LOW) / HISTOGRAM_WIDTH;

	if (at <= 0)
		return 1.0;
	if (at >= HISTOGRAM_BINS)
		return 0.0;

	const size_t k = (size_t)at;
	const double part = at - (double)k;

	return (double)s->over[k] * (1 - part) + (double)s->over[k + 1] * part;
}

double histogram_quantile(const struct histogram *s, double level)
{
	const double want = 1 - level;
	const size_t hi = MAX(histogram_edge(s, want), (size_t)1), lo = hi - 1;
	const double gap = (double)s->over[lo] - (double)s->over[hi];
	const double part = gap > 0 ? ((double)s->over[lo] - want) / gap : 1.0;

	return sinh(HISTOGRAM_LOW +
		    HISTOGRAM_WIDTH * ((double)lo + fmin(fmax(part, 0), 1)));
}
