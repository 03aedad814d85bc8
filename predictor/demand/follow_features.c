/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * follow_features.c - what a follower looks at, and by how much a tier is in front.
 */
#include "follow_state.h"

#include "check.h"

#include <math.h>
#include <string.h>

#define AGREE_DAYS 7.0 /* half-life */

static const size_t means[] = { 1, 3, 5, 10, 20 };
static const size_t lags[] = { 0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, DEMAND_FOLLOW_LAG };
static const size_t tops[] = { 3, 5, 10 };
_Static_assert(ARRAY_SIZE(means) == FOLLOW_LAG - FOLLOW_MEAN, "a mean each");
_Static_assert(ARRAY_SIZE(lags) == FOLLOW_MAX - FOLLOW_LAG, "a lag each");
_Static_assert(ARRAY_SIZE(tops) == FOLLOW_N - FOLLOW_MAX, "a maximum each");
_Static_assert(FOLLOW_N <= RIDGE_MAX, "a regression has at most RIDGE_MAX features");

void follow_features(const struct follow_moment *at, double own, float x[FOLLOW_N])
{
	const double base = follow_base(at), ratio = (double)at->ratio;
	double sum = 0, top = 0;
	size_t have = 0;

	x[FOLLOW_ONE] = 1;
	x[FOLLOW_OWN] = (float)own;
	for (size_t i = 0; i < ARRAY_SIZE(means); i++) {
		for (; have < means[i]; have++)
			sum += (double)at[-(ptrdiff_t)have].y;
		x[FOLLOW_MEAN + i] = (float)(sum / (double)have - base);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lags); i++)
		x[FOLLOW_LAG + i] =
			(float)(ratio * (double)at[-(ptrdiff_t)lags[i]].front - base);
	have = 0;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		for (; have < tops[i]; have++)
			top = fmax(top, (double)at[-(ptrdiff_t)have].front);
		x[FOLLOW_MAX + i] = (float)(ratio * top - base);
	}
}

void follow_note_lag(struct demand_follow *f)
{
	const double keep = exp2(-(double)f->opts.step_ms / (AGREE_DAYS * 86400000.0));
	const struct follow_moment *at = follow_newest(f);
	const double change = (double)at[0].y - (double)at[-1].y;

	for (ptrdiff_t k = 0; k <= DEMAND_FOLLOW_LAG; k++)
		f->agree[k] = f->agree[k] * keep +
			      change * ((double)at[-k].front - (double)at[-k - 1].front);
}

static double correlation_at(const double *back, const double *front, size_t n,
			     size_t lag)
{
	double both = 0, of_back = 0, of_front = 0;

	for (size_t i = lag + 1; i < n; i++) {
		const double b = back[i] - back[i - 1];
		const double f = front[i - lag] - front[i - lag - 1];

		if (isnan(b) || isnan(f))
			continue;
		both += b * f;
		of_back += b * b;
		of_front += f * f;
	}
	return of_back > 0 && of_front > 0 ? both / sqrt(of_back * of_front) : 0;
}

double demand_agreement(const double *back, const double *front, size_t n)
{
	double best = 0;

	for (size_t lag = 0; lag <= DEMAND_FOLLOW_LAG; lag++)
		best = fmax(best, correlation_at(back, front, n, lag));
	return best;
}

size_t follow_best_lag(const struct demand_follow *f)
{
	size_t best = 0;

	for (size_t k = 1; k <= DEMAND_FOLLOW_LAG; k++)
		if (f->agree[k] > f->agree[best])
			best = k;
	return best;
}
