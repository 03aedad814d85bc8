/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "histogram.h"

#include "check.h"

#include <math.h>
#include <string.h>

static double edge(size_t k)
{
	return sinh(SKETCH_LOW + SKETCH_WIDTH * (double)k);
}

static double logistic(double z)
{
	return 1 / (1 + exp(-z));
}

void sketch_init(struct sketch *s, double half_life, double prior_weight)
{
	memset(s, 0, sizeof(*s));
	s->grow = exp2(1.0 / half_life);
	s->weight = 1.0;
	for (size_t k = 0; k < SKETCH_BINS; k++)
		s->mass[k] = (float)(prior_weight *
				     (logistic(edge(k + 1)) - logistic(edge(k))));
	sketch_solve(s);
}

void sketch_add(struct sketch *s, double z)
{
	/* What is on an edge, 0 before all, belongs to the bin above it: a quantile of
	 * what never changes is not below it. */
	const double at = (asinh(z) - SKETCH_LOW) / SKETCH_WIDTH + 1e-9;
	const size_t k = at <= 0 ? 0 : at >= SKETCH_BINS ? SKETCH_BINS - 1 : (size_t)at;

	s->mass[k] += (float)s->weight;
	s->weight *= s->grow;
}

void sketch_solve(struct sketch *s)
{
	double sum = 0, above = 0;

	for (size_t k = 0; k < SKETCH_BINS; k++)
		sum += (double)s->mass[k];
	s->over[SKETCH_BINS] = 0;
	for (size_t k = SKETCH_BINS; k-- > 0;) {
		above += (double)s->mass[k];
		s->over[k] = (float)(above / sum);
	}
	if (s->weight > 1e6) {
		for (size_t k = 0; k < SKETCH_BINS; k++)
			s->mass[k] = (float)((double)s->mass[k] / s->weight);
		s->weight = 1.0;
	}
}

size_t sketch_edge(const struct sketch *s, double over)
{
	size_t lo = 0, hi = SKETCH_BINS;

	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;

		if ((double)s->over[mid] > over)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

double sketch_over(const struct sketch *s, double z)
{
	const double at = (asinh(z) - SKETCH_LOW) / SKETCH_WIDTH;

	if (at <= 0)
		return 1.0;
	if (at >= SKETCH_BINS)
		return 0.0;

	const size_t k = (size_t)at;
	const double part = at - (double)k;

	return (double)s->over[k] * (1 - part) + (double)s->over[k + 1] * part;
}

double sketch_quantile(const struct sketch *s, double level)
{
	const double want = 1 - level;
	const size_t hi = MAX(sketch_edge(s, want), (size_t)1), lo = hi - 1;
	const double gap = (double)s->over[lo] - (double)s->over[hi];
	const double part = gap > 0 ? ((double)s->over[lo] - want) / gap : 1.0;

	return sinh(SKETCH_LOW + SKETCH_WIDTH * ((double)lo + fmin(fmax(part, 0), 1)));
}
