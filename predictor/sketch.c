/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sketch.h"

#include <math.h>
#include <string.h>

void sketch_init(struct sketch *s, double half_life, double prior_weight)
{
	memset(s, 0, sizeof(*s));
	s->grow = exp2(1.0 / half_life);
	s->weight = 1.0;
	for (size_t k = 0; k <= SKETCH_BINS; k++)
		s->edge[k] = sinh(SKETCH_LOW + SKETCH_WIDTH * (double)k);
	for (size_t k = 0; k < SKETCH_BINS; k++)
		s->mass[k] = prior_weight * (1 / (1 + exp(-s->edge[k + 1])) -
					     1 / (1 + exp(-s->edge[k])));
	sketch_solve(s);
}

void sketch_add(struct sketch *s, double z)
{
	const double at = (asinh(z) - SKETCH_LOW) / SKETCH_WIDTH;
	const size_t k = at <= 0 ? 0 : at >= SKETCH_BINS ? SKETCH_BINS - 1 : (size_t)at;

	s->mass[k] += s->weight;
	s->weight *= s->grow;
}

void sketch_solve(struct sketch *s)
{
	double sum = 0;

	for (size_t k = SKETCH_BINS; k-- > 0;) {
		s->over[k + 1] = sum;
		sum += s->mass[k];
	}
	s->over[0] = sum;
	for (size_t k = 0; k <= SKETCH_BINS; k++)
		s->over[k] /= sum;
	if (s->weight > 1e6) {
		for (size_t k = 0; k < SKETCH_BINS; k++)
			s->mass[k] /= s->weight;
		s->weight = 1.0;
	}
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

	return s->over[k] * (1 - part) + s->over[k + 1] * part;
}

double sketch_quantile(const struct sketch *s, double level)
{
	const double want = 1 - level;
	size_t lo = 0, hi = SKETCH_BINS;

	while (hi - lo > 1) {
		const size_t mid = (lo + hi) / 2;

		if (s->over[mid] > want)
			lo = mid;
		else
			hi = mid;
	}

	const double gap = s->over[lo] - s->over[hi];
	const double part = gap > 0 ? (s->over[lo] - want) / gap : 1.0;

	return sinh(SKETCH_LOW + SKETCH_WIDTH * ((double)lo + fmin(fmax(part, 0), 1)));
}
