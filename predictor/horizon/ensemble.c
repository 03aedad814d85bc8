/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ensemble.h"

#include "check.h"
#include "error_calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POWER 6.0 /* a method's weight is its mean error to minus this */

void ensemble_done(struct ensemble *e)
{
	panel_done(&e->panel[FINE]);
	panel_done(&e->panel[COARSE]);
	for (size_t i = 0; i < e->n_all; i++)
		free(e->predicted[i]);
	free(e->weight);
}

static double *predicted(const struct ensemble *e, size_t origin, size_t method)
{
	return e->predicted[origin] + method * e->reach[origin];
}

/* The last season again. */
static void run_season(const struct view_series *s, size_t m, size_t t, size_t h,
		       double *out)
{
	for (size_t j = 0; j < h; j++)
		out[j] = s->y[t - m + j % m];
}

/* The mean of the last seven days at each time of day. */
static void run_profile(const struct view_series *s, size_t t, size_t h, double *out)
{
	const size_t m = s->seasons[0], days = MIN((size_t)7, t / m);

	for (size_t j = 0; j < h; j++) {
		out[j] = 0;
		for (size_t d = 1; d <= days; d++)
			out[j] += s->y[t - d * m + j % m] / (double)days;
	}
}

static void run_level(const struct view_series *s, size_t t, size_t h, double *out)
{
	const size_t n = MIN(t, MAX(s->seasons[0] / 24, (size_t)1));
	double level = 0;

	for (size_t k = 1; k <= n; k++)
		level += s->y[t - k] / (double)n;
	for (size_t j = 0; j < h; j++)
		out[j] = level;
}

size_t ensemble_run(struct ensemble *e, size_t t, size_t reach, bool in_sample)
{
	const struct view_series *s = e->s;
	const size_t h = in_sample ? reach : MIN(reach, s->n - t);
	const size_t origin = e->n_all++;

	e->at[origin] = t;
	e->reach[origin] = reach;
	e->predicted[origin] = xcalloc(METHODS * reach, sizeof(double));
	for (size_t k = FINE; k <= COARSE; k++)
		if (e->use[k])
			panel_run(&e->panel[k], t, in_sample, h, predicted(e, origin, k));
	if (e->use[SEASON])
		run_season(s, s->seasons[0], t, h, predicted(e, origin, SEASON));
	if (e->use[LONG_SEASON])
		run_season(s, s->seasons[1], t, h, predicted(e, origin, LONG_SEASON));
	if (e->use[PROFILE])
		run_profile(s, t, h, predicted(e, origin, PROFILE));
	run_level(s, t, h, predicted(e, origin, LEVEL));
	return origin;
}

void ensemble_weigh(struct ensemble *e)
{
	const size_t h = e->h;
	const double span = (e->s->hi - e->s->lo) * (double)MAX(e->n, (size_t)1);
	CLEANUP(free) double *size = xcalloc(h, sizeof(double));
	CLEANUP(free) double *sum = xcalloc(h, sizeof(double));

	for (size_t k = 0; k < METHODS; k++) {
		if (!e->use[k])
			continue;
		for (size_t j = 0; j < h; j++) {
			size[j] = 0;
			for (size_t i = 0; i < e->n; i++)
				size[j] += fabs(e->s->y[e->at[i] + j] -
						predicted(e, i, k)[j]);
		}
		for (size_t j = 0; j < h; j++) {
			const size_t reach = MIN(MIN(j, h / 12), h - 1 - j);
			double near = 0;

			for (size_t d = j - reach; d <= j + reach; d++)
				near += size[d] / (double)(2 * reach + 1);
			near = span > 0 ? fmax(near / span, 1e-9) : 1;
			e->weight[k * h + j] = pow(near, -POWER);
			sum[j] += e->weight[k * h + j];
		}
	}
	for (size_t k = 0; k < METHODS; k++)
		for (size_t j = 0; j < h; j++)
			e->weight[k * h + j] /= sum[j];
}

void ensemble_mean(const struct ensemble *e, size_t origin, double *out)
{
	memset(out, 0, e->reach[origin] * sizeof(*out));
	for (size_t k = 0; k < METHODS; k++)
		for (size_t j = 0; e->use[k] && j < e->reach[origin]; j++)
			out[j] += e->weight[k * e->h + j] * predicted(e, origin, k)[j];
}

size_t ensemble_choose(struct ensemble *e)
{
	const struct view_series *s = e->s;
	const size_t day = s->seasons[0], week = day ? s->seasons[1] : 0;
	size_t first = 1;

	panel_init(&e->panel[FINE], s, 1, e->h);
	if (day >= 48 && day % 24 == 0)
		panel_init(&e->panel[COARSE], s, day / 24, e->h);
	for (size_t k = FINE; k <= COARSE; k++) {
		e->use[k] = e->panel[k].n > 0 && panel_first(&e->panel[k]) + e->h < s->n;
		if (e->use[k])
			first = MAX(first, panel_first(&e->panel[k]));
	}
	e->use[SEASON] = day && day + e->h <= s->n;
	e->use[LONG_SEASON] = week && 2 * week + e->h <= s->n;
	e->use[PROFILE] = day && 3 * day + e->h <= s->n;
	e->use[LEVEL] = true;
	if (e->use[SEASON])
		first = MAX(first, day);
	if (e->use[LONG_SEASON])
		first = MAX(first, week);
	return first;
}

/* Runs every method within the last season, or the last h steps if these are more. */
static void replay_recent(struct ensemble *e, size_t pool, size_t nearest,
			  size_t farthest)
{
	const size_t back = MIN(MAX(nearest, e->s->seasons[0] / pool), farthest);
	const size_t count = MIN((size_t)ENSEMBLE_RECENT, back - 1);

	for (size_t k = 0; k < count; k++)
		(void)ensemble_run(e, e->s->n - (k + 1) * back / (count + 1) * pool, e->h,
				   false);
}

/* Runs every method from count steps that lie every apart, the last ones. */
static void replay_dense(struct ensemble *e, size_t count, size_t every, size_t farthest,
			 size_t reach)
{
	for (size_t k = 1; k <= count && k * every <= farthest; k++)
		(void)ensemble_run(e, e->s->n - k * every, MIN(reach, e->h), false);
}

void ensemble_replay(struct ensemble *e, size_t first)
{
	const size_t pool = e->use[COARSE] ? e->panel[COARSE].pool : 1, n = e->s->n;
	const size_t nearest = (e->h + pool - 1) / pool;
	const size_t farthest = n > first ? (n - first) / pool : 0;
	const size_t unit = error_unit(e->s->seasons[0], n);

	if (farthest < nearest)
		return;

	const size_t count = MIN((size_t)ENSEMBLE_ORIGINS, farthest - nearest + 1);

	for (e->n = 0; e->n < count; e->n++) {
		const size_t more =
			count > 1 ? e->n * (farthest - nearest) / (count - 1) : 0;

		(void)ensemble_run(e, n - (nearest + more) * pool, e->h, false);
	}
	replay_recent(e, pool, nearest, farthest);
	replay_dense(e, ENSEMBLE_NEAR, MAX(unit / 24 / pool, (size_t)1) * pool,
		     farthest * pool, MAX(unit / 4, (size_t)1));
	replay_dense(e, ENSEMBLE_MIDDLE, MAX(unit / 8 / pool, (size_t)1) * pool,
		     farthest * pool, unit);
}
