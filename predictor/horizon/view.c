/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view.h"

#include "check.h"
#include "cleanup.h"

#include <math.h>
#include <string.h>

#define RIDGE 1e-4 /* of the mean square of a lag */

DEFINE_CLEANUP(struct view *, view_free);

static void add_range(struct autoreg *a, size_t mid, size_t around)
{
	for (size_t k = 0; k <= around; k++) {
		autoreg_add_lag(a, mid + k);
		if (mid > k)
			autoreg_add_lag(a, mid - k);
	}
}

static void choose_lags(struct view *v, const struct view_series *s, size_t limit)
{
	const size_t day = s->seasons[0] / v->pool, week = s->seasons[1] / v->pool;

	for (size_t k = 1; k <= (v->dense ? 30 : 6); k++)
		autoreg_add_lag(&v->ar, k);
	autoreg_add_lag(&v->ar, 12);
	for (size_t k = 0; k < VIEW_SEASONS && s->seasons[k]; k++)
		add_range(&v->ar, s->seasons[k] / v->pool, 2);
	/* The multiples of the shorter season below the longer. */
	for (size_t k = 2; day > 6 && k * day < week; k++)
		add_range(&v->ar, k * day, 1);
	autoreg_limit(&v->ar, limit);
}

static double forward(const struct view *v, double y)
{
	return v->logarithm ? log(y + v->offset) : y;
}

static double backward(const struct view *v, double x)
{
	return v->logarithm ? exp(x) - v->offset : x;
}

/* Pools and transforms the series; limits what may come out. */
static void look(struct view *v, const struct view_series *s)
{
	const double span = s->hi - s->lo;
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->y[i];
	v->offset = v->logarithm ? 0.01 * sum / (double)s->n : 0;
	v->floor = s->lo >= 0 ? fmax(s->lo - 0.5 * span, 0) : s->lo - 0.5 * span;
	v->ceiling = s->hi + 0.5 * span;
	v->lo = forward(v, v->floor);
	v->hi = forward(v, v->ceiling);
	for (size_t i = 0; i < v->n; i++) {
		double m = 0;

		for (size_t k = 0; k < v->pool; k++)
			m += fmin(s->y[v->skip + i * v->pool + k], s->cap);
		v->level[i] = v->x[i] = forward(v, m / (double)v->pool);
	}
	if (!v->shift)
		return;
	for (size_t i = v->n; i-- > v->shift;)
		v->x[i] -= v->x[i - v->shift];
	v->hi -= v->lo;
	v->lo = -v->hi;
}

struct view *view_new(const struct view_series *s, bool logarithm, bool change,
		      bool dense, size_t pool)
{
	const size_t day = s->seasons[0] / pool;
	CLEANUP(view_free) struct view *v = NULL;

	if ((logarithm && s->lo < 0) || s->hi <= s->lo ||
	    (change && s->n < 3 * pool * day) || (change && !day))
		return NULL;
	v = xcalloc(1, sizeof(*v));
	v->logarithm = logarithm;
	v->dense = dense;
	v->pool = pool;
	v->n = s->n / pool;
	v->skip = s->n - v->n * pool;
	v->shift = change ? day : 0;
	v->level = xcalloc(v->n + 1, sizeof(double));
	v->x = xcalloc(v->n + 1, sizeof(double));
	look(v, s);
	choose_lags(v, s, (v->n - v->shift) / 2);
	if (!autoreg_fit(&v->ar, v->x + v->shift, v->n - v->shift, RIDGE))
		return NULL;
	return TAKE(v);
}

void view_free(struct view *v)
{
	if (!v)
		return;
	free(v->level);
	free(v->x);
	free(v);
}

static size_t longest(const struct view *v)
{
	return v->ar.lag[v->ar.n_lags - 1];
}

size_t view_first(const struct view *v)
{
	return v->skip + (v->shift + longest(v)) * v->pool;
}

size_t view_scratch(const struct view *v, size_t h)
{
	return longest(v) + v->shift + 2 * (h / v->pool + 2);
}

/* Pooled steps back to steps: straight lines between the middles. before: the
 * last known. */
static void unpool(const struct view *v, double before, const double *coarse, size_t h,
		   double *out)
{
	for (size_t j = 0; j < h; j++) {
		const double at = ((double)j + 0.5) / (double)v->pool + 0.5;
		const size_t k = (size_t)at;
		const double part = at - (double)k;
		const double left = k == 0 ? before : coarse[k - 1];

		out[j] = v->pool == 1 ? coarse[j] : left + (coarse[k] - left) * part;
	}
}

void view_run(const struct view *v, size_t t, bool in_sample, size_t h, double *scratch,
	      double *out)
{
	const size_t at = (t - v->skip) / v->pool, back = longest(v);
	const size_t far = v->pool == 1 ? h : h / v->pool + 2;
	double *x = scratch, *coarse = scratch + back + far;
	const size_t fold = in_sample ? 0 : autoreg_fold(&v->ar, at - v->shift);

	memcpy(x, v->x + at - back, back * sizeof(*x));
	autoreg_run(&v->ar, fold, x, back, far, v->lo, v->hi);
	for (size_t k = 0; k < far; k++) {
		double s = x[back + k];

		if (v->shift)
			s += k < v->shift ? v->level[at + k - v->shift]
					  : forward(v, coarse[k - v->shift]);
		coarse[k] = fmin(fmax(backward(v, s), v->floor), v->ceiling);
	}
	unpool(v, backward(v, v->level[at - 1]), coarse, h, out);
}
