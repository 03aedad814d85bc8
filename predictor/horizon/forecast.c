/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast.h"

#include "check.h"
#include "error_quantiles.h"
#include "gaps.h"
#include "view.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define ORIGINS 40 /* past steps from where the forecast is repeated for its errors */
#define PRIOR_SWING 0.15 /* relative, when there is no error to learn from */
#define POWER 6.0        /* a method's weight is its mean error to minus this */
enum { KINDS = 5 };

/* Views of one pooling; their median is one forecast. */
struct panel {
	struct view *view[KINDS];
	size_t n, pool;
	double *path, *scratch;
};

static void panel_done(struct panel *p)
{
	for (size_t k = 0; k < p->n; k++)
		view_free(p->view[k]);
	free(p->path);
	free(p->scratch);
}

static void panel_init(struct panel *p, const struct view_series *s, size_t pool,
		       size_t h)
{
	static const struct {
		bool logarithm, change, dense;
	} kind[KINDS] = {
		{ false, false, false }, { true, false, false }, { false, true, false },
		{ true, true, false },   { true, false, true },
	};
	size_t scratch = 0;

	memset(p, 0, sizeof(*p));
	p->pool = pool;
	for (size_t k = 0; k < KINDS; k++) {
		struct view *v = view_new(s, kind[k].logarithm, kind[k].change,
					  kind[k].dense, pool);

		if (!v)
			continue;
		p->view[p->n++] = v;
		scratch = MAX(scratch, view_scratch(v, h));
	}
	p->path = xcalloc(MAX(p->n, (size_t)1) * h, sizeof(double));
	p->scratch = xcalloc(scratch + 1, sizeof(double));
}

static size_t panel_first(const struct panel *p)
{
	size_t first = 0;

	for (size_t k = 0; k < p->n; k++)
		first = MAX(first, view_first(p->view[k]));
	return first;
}

static void panel_run(struct panel *p, size_t t, bool hindsight, size_t h, double *out)
{
	for (size_t k = 0; k < p->n; k++)
		view_run(p->view[k], t, hindsight, h, p->scratch, p->path + k * h);
	for (size_t j = 0; j < h; j++) {
		double v[KINDS];

		for (size_t k = 0; k < p->n; k++)
			v[k] = p->path[k * h + j];
		out[j] = gsl_stats_median(v, 1, p->n);
	}
}

/*
 * The methods whose weighted mean is the forecast. Each step ahead has weights of its
 * own, from how well the methods did at past origins: near ahead the fine panel wins, far
 * ahead the coarse one or the season, without season and trend the latest level.
 */
enum method { FINE, COARSE, SEASON, LONG_SEASON, PROFILE, LEVEL, METHODS };

struct ensemble {
	const struct view_series *s;
	size_t h, n; /* n: origins replayed */
	struct panel panel[2];
	size_t at[ORIGINS];
	double *said;   /* [(ORIGINS + 1) * METHODS * h]; the last: the forecast */
	double *weight; /* [METHODS * h] */
	bool use[METHODS];
};

static void ensemble_done(struct ensemble *e)
{
	panel_done(&e->panel[FINE]);
	panel_done(&e->panel[COARSE]);
	free(e->said);
	free(e->weight);
}
DEFINE_CLEANUP_OBJECT(struct ensemble, ensemble_done);

static double *said(const struct ensemble *e, size_t origin, size_t method)
{
	return e->said + (origin * METHODS + method) * e->h;
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

static void run_all(struct ensemble *e, size_t origin, size_t t, bool hindsight)
{
	const struct view_series *s = e->s;

	for (size_t k = FINE; k <= COARSE; k++)
		if (e->use[k])
			panel_run(&e->panel[k], t, hindsight, e->h, said(e, origin, k));
	if (e->use[SEASON])
		run_season(s, s->seasons[0], t, e->h, said(e, origin, SEASON));
	if (e->use[LONG_SEASON])
		run_season(s, s->seasons[1], t, e->h, said(e, origin, LONG_SEASON));
	if (e->use[PROFILE])
		run_profile(s, t, e->h, said(e, origin, PROFILE));
	run_level(s, t, e->h, said(e, origin, LEVEL));
}

/* Weights out of the mean sizes of the errors, smoothed over neighbouring steps. */
static void weigh(struct ensemble *e)
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
				size[j] += fabs(e->s->y[e->at[i] + j] - said(e, i, k)[j]);
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

static void blend(const struct ensemble *e, size_t origin, double *out)
{
	memset(out, 0, e->h * sizeof(*out));
	for (size_t k = 0; k < METHODS; k++)
		for (size_t j = 0; e->use[k] && j < e->h; j++)
			out[j] += e->weight[k * e->h + j] * said(e, origin, k)[j];
}

void horizon_free(struct horizon *f)
{
	if (!f)
		return;
	free(f->mean);
	free(f->q);
	free(f);
}

/* Which methods the series is long enough for, and the first origin of all of them. */
static size_t choose_methods(struct ensemble *e)
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

/* Repeats every method at past origins, a whole number of coarse steps back. */
static void replay(struct ensemble *e, size_t first)
{
	const size_t pool = e->use[COARSE] ? e->panel[COARSE].pool : 1, n = e->s->n;
	const size_t nearest = (e->h + pool - 1) / pool;
	const size_t farthest = n > first ? (n - first) / pool : 0;

	if (farthest < nearest)
		return;

	const size_t count = MIN((size_t)ORIGINS, farthest - nearest + 1);

	for (e->n = 0; e->n < count; e->n++) {
		const size_t more =
			count > 1 ? e->n * (farthest - nearest) / (count - 1) : 0;

		e->at[e->n] = n - (nearest + more) * pool;
		run_all(e, e->n, e->at[e->n], false);
	}
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
	CLEANUP(spread_done) struct spread sp = { 0 };
	CLEANUP(free) double *guess = xcalloc(h, sizeof(double));
	struct horizon *f = horizon_new(h, o->n_levels);

	e.said = xcalloc((ORIGINS + 1) * METHODS * h, sizeof(double));
	e.weight = xcalloc(METHODS * h, sizeof(double));
	replay(&e, choose_methods(&e));
	weigh(&e);
	spread_init(&sp, h, s->seasons[0], ORIGINS);
	for (size_t i = 0; i < e.n; i++) {
		blend(&e, i, guess);
		spread_add(&sp, e.at[i], s->y + e.at[i], guess);
	}
	run_all(&e, e.n, s->n, true);
	blend(&e, e.n, f->mean);
	if (e.n > 0)
		spread_quantiles(&sp, s->n, f->mean, s->lo >= 0 ? 0 : -INFINITY,
				 o->levels, f->n_levels, f->q);
	else
		prior_quantiles(f, o->levels);
	f->method = e.use[FINE] || e.use[COARSE] ? "autoregression"
		    : e.use[SEASON]              ? "season"
						 : "latest value";
	return f;
}

/* Goes on past the end of near with its season or its last value, and widens with the
 * root of the time. */
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

	/* A forecast is as far as half of the series at most; what is farther follows it.
	 */
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
