/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast.h"

#include "check.h"
#include "ensemble.h"
#include "error_quantiles.h"
#include "gaps.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define PRIOR_SWING 0.15 /* relative, when there is no error to learn from */

void horizon_free(struct horizon *f)
{
	if (!f)
		return;
	free(f->mean);
	free(f->q);
	free(f->held);
	free(f);
}

static int check(const double *y, size_t n, const struct horizon_opts *o, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (isinf(y[i]))
			return err_set(err, ERR_INVAL, "value %zu is infinite", i);
	if (o->h < 1 || o->h > HORIZON_STEPS)
		return err_set(err, ERR_INVAL, "%zu steps ahead are not 1 to %d", o->h,
			       HORIZON_STEPS);
	for (size_t k = 0; k < o->n_levels; k++)
		if (!(o->levels[k] > 0 && o->levels[k] < 1))
			return err_set(err, ERR_INVAL, "level %g is not between 0 and 1",
				       o->levels[k]);
	for (size_t k = 1; k < HORIZON_SEASONS && o->seasons[k]; k++)
		if (o->seasons[k] <= o->seasons[k - 1])
			return err_set(err, ERR_INVAL, "the seasons do not ascend");
	return 0;
}

/* Twice as far above the 99 % quantile as that is above the median. */
static double usual_limit(const double *y, size_t n)
{
	CLEANUP(free) double *x = xcalloc(n, sizeof(*x));

	memcpy(x, y, n * sizeof(*x));
	gsl_sort(x, 1, n);

	const double middle = gsl_stats_median_from_sorted_data(x, 1, n);
	const double high = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.99);

	return high + 2 * (high - middle);
}

static struct horizon *horizon_new(size_t h, size_t n_levels)
{
	struct horizon *f = xcalloc(1, sizeof(*f));

	f->h = h;
	f->n_levels = n_levels;
	f->mean = xcalloc(h, sizeof(double));
	f->q = xcalloc(h * MAX(n_levels, (size_t)1), sizeof(double));
	f->held = xcalloc(h, sizeof(double));
	for (size_t j = 0; j < h; j++)
		f->held[j] = NAN;
	return f;
}

/* One value and no past error: a stated swing of the level. */
static void prior_quantiles(struct horizon *f, const double *levels)
{
	for (size_t k = 0; k < f->n_levels; k++)
		for (size_t j = 0; j < f->h; j++)
			f->q[k * f->h + j] =
				f->mean[j] + PRIOR_SWING * fabs(f->mean[j]) *
						     gsl_cdf_ugaussian_Pinv(levels[k]);
}

static struct horizon *forecast(const struct view_series *s, const struct horizon_opts *o,
				size_t h)
{
	CLEANUP(ensemble_done) struct ensemble e = { .s = s, .h = h };
	CLEANUP(error_quantiles_done) struct error_quantiles sp = { 0 };
	CLEANUP(free) double *mean = xcalloc(h, sizeof(double));
	struct horizon *f = horizon_new(h, o->n_levels);

	e.weight = xcalloc(METHODS * h, sizeof(double));
	ensemble_replay(&e, ensemble_choose(&e));
	ensemble_weigh(&e);
	error_quantiles_init(&sp, h, s->seasons[0], ENSEMBLE_REPLAYS);

	for (size_t i = 0; i < e.n_all; i++) {
		ensemble_mean(&e, i, mean);
		error_quantiles_add(&sp, e.at[i], s->y + e.at[i], mean,
				    MIN(e.reach[i], s->n - e.at[i]), e.reach[i]);
	}
	ensemble_mean(&e, ensemble_run(&e, s->n, h, true), f->mean);
	if (e.n > 0)
		error_quantiles_at(&sp, s->n, f->mean, s->lo >= 0 ? 0 : -INFINITY,
				   o->levels, f->n_levels, f->q, f->held);
	else
		prior_quantiles(f, o->levels);
	f->method = e.use[FINE] || e.use[COARSE] ? "autoregression"
		    : e.use[SEASON]              ? "season"
						 : "latest value";
	return f;
}

/* Continues after the end of near with its season or its last value, and widens with the
 * square root of the time. */
static struct horizon *extend(const struct horizon *near, size_t h, size_t season,
			      double floor)
{
	struct horizon *f = horizon_new(h, near->n_levels);
	const size_t m = season && season <= near->h ? season : 1;

	f->method = near->method;
	for (size_t j = 0; j < h; j++) {
		const size_t from = j < near->h ? j : near->h - m + (j - near->h) % m;
		const double wider = sqrt((double)(j + 1) / (double)(from + 1));

		f->mean[j] = near->mean[from];
		if (j < near->h)
			f->held[j] = near->held[j];
		for (size_t k = 0; k < f->n_levels; k++)
			f->q[k * h + j] = fmax(
				floor, f->mean[j] + wider * (near->q[k * near->h + from] -
							     near->mean[from]));
	}
	return f;
}

int horizon_forecast(const double *y, size_t n, const struct horizon_opts *opts,
		     struct horizon **ret, struct err *err)
{
	const int rc = check(y, n, opts, err);

	if (rc != 0)
		return rc;

	CLEANUP(free) double *filled = xcalloc(n + 1, sizeof(double));

	if (!gaps_fill(filled, y, n))
		return err_set(err, ERR_INVAL, "there is no value to forecast from");

	struct view_series s = { .y = filled, .n = n };
	const size_t day = opts->seasons[0];

	gsl_stats_minmax(&s.lo, &s.hi, filled, 1, n);
	s.cap = usual_limit(filled, n);
	memcpy(s.seasons, opts->seasons, sizeof(s.seasons));

	/* A forecast reaches half of the length of the series at most; the rest extends
	 * it. */
	const size_t h = MIN(opts->h, MAX(n / 2, (size_t)1));
	struct horizon *f = forecast(&s, opts, h);

	if (h < opts->h) {
		struct horizon *near = f;

		f = extend(near, opts->h, day, s.lo >= 0 ? 0 : -INFINITY);
		horizon_free(near);
	}
	*ret = f;
	return 0;
}
