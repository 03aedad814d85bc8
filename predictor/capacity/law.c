/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * law.c - fits the utilisation law and the queue, each to its minutes.
 */
#include "state.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTS_LEAST 30
#define NARROW 1.3
#define CLASS_LEAST 10 /* minutes */
#define USABLE 0.1     /* standard deviation of a law's logarithm to judge by it */
#define HALF_LIFE_MINUTES (7 * 1440.0)
#define FULL 0.02 /* as near to full, a queue is as good as full */

/* ---------------------------------------------------------------- curves */

double capacity_busy_curve(const double *b, double x, double *gradient)
{
	gradient[0] = 1;
	gradient[1] = x;
	return b[0] + b[1] * x;
}

/* log r0 and log c; beyond what a queue can serve, it rises on in a straight line. */
double capacity_slow_curve(const double *b, double x, double *gradient)
{
	const double z = x * exp(-b[1]);
	const double room = fmax(1 - z, FULL);

	gradient[0] = 1;
	gradient[1] = -z / room;
	return b[0] - log(room) + fmax(z - (1 - FULL), 0) / FULL;
}

/* ---------------------------------------------------------------- minutes */

static int by_minute(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->minute > q->minute) - (p->minute < q->minute);
}

void capacity_collect(const struct capacity *c, struct minutes *ret)
{
	ret->n = 0;
	ret->now = c->minute;
	for (size_t k = 0; k <= CAPACITY_BANDS; k++)
		for (size_t i = 0; i < c->bands[k].n; i++)
			ret->v[ret->n++] = c->bands[k].v[i];
	qsort(ret->v, ret->n, sizeof(ret->v[0]), by_minute);
}

/* ---------------------------------------------------------------- one law */

bool capacity_is_for(enum kind kind, const struct range *counts, const struct point *p)
{
	if (p->n < counts->low || p->n > counts->high)
		return false;
	if (kind == BUSY)
		return !isnan(p->u) && p->u < CAPACITY_SATURATED;
	return !isnan(p->r) && p->x > 0;
}

/* The minutes of a law as points over demand / scale. */
static size_t take(const struct minutes *m, enum kind kind, const struct range *counts,
		   struct curve_point *ret, struct law *law)
{
	double x[CAPACITY_MINUTES];
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct point *p = &m->v[i];

		if (!capacity_is_for(kind, counts, p))
			continue;
		x[n] = (double)p->x;
		law->instances += p->n;
		ret[n++] = (struct curve_point){
			.x = (double)p->x,
			.y = kind == BUSY ? (double)p->u : log((double)p->r),
			.w = exp2(-(double)(m->now - p->minute) / HALF_LIFE_MINUTES),
		};
	}
	if (n == 0)
		return 0;
	gsl_sort(x, 1, n);
	law->low = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.05);
	law->high = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.95);
	law->scale = x[n - 1];
	law->instances /= (double)n;
	for (size_t i = 0; i < n && law->scale > 0; i++)
		ret[i].x /= law->scale;
	return n;
}

/* The capacity at the target and the deviation of its logarithm; false: there is none. */
static bool read_law(const struct curve *c, enum kind kind, double target,
		     struct estimate *e)
{
	const double left = target - c->b[0];

	e->law.b[0] = c->b[0];
	e->law.b[1] = c->b[1];
	/* Of a minute's worth of news: minutes that err alike bring less each. */
	e->law.spread = c->spread * sqrt(c->dependence);
	e->t = gsl_cdf_tdist_Pinv(0.975, (double)(c->n - c->p));
	if (kind == SLOW) {
		e->law.capacity = target * exp(c->b[1]) * e->law.scale;
		e->sd = curve_deviation(c, (const double[]){ 0, 1 });
		return isfinite(e->law.capacity) && isfinite(e->sd);
	}
	if (!(left > 0) || !(c->b[1] > 0))
		return false;
	e->law.capacity = left / c->b[1] * e->law.scale;
	e->sd = curve_deviation(c, (const double[]){ -1 / left, -1 / c->b[1] });
	return isfinite(e->law.capacity) && isfinite(e->sd);
}

/* ---------------------------------------------------------------- counts */

size_t capacity_class(uint32_t instances)
{
	return MIN((size_t)(2 * log2(instances)), (size_t)CAPACITY_CLASSES - 1);
}

double capacity_weight(const struct law *l, bool is_busy, const struct point *p)
{
	const double x = (double)p->x / l->scale, r = (double)p->r;

	if (is_busy)
		return ((double)p->u - l->b[0]) / (l->b[1] * x);
	/* r = w r0 / (1 - w x / c) */
	return r / (exp(l->b[0]) + r * x * exp(-l->b[1]));
}

void capacity_weights(const struct minutes *m, enum kind kind, struct law *l)
{
	static const struct range any = { 0, UINT32_MAX };
	double w[CAPACITY_MINUTES];
	size_t class[CAPACITY_MINUTES];

	for (size_t i = 0; i < m->n; i++)
		class[i] = capacity_is_for(kind, &any, &m->v[i]) && m->v[i].x > 0
				   ? capacity_class(m->v[i].n)
				   : CAPACITY_CLASSES;
	for (size_t k = 0; k < CAPACITY_CLASSES; k++) {
		size_t n = 0;

		for (size_t i = 0; i < m->n; i++)
			if (class[i] == k)
				w[n++] = capacity_weight(l, kind == BUSY, &m->v[i]);
		l->weight[k] = n >= CLASS_LEAST ? (float)gsl_stats_median(w, 1, n) : 0;
	}
}

/* ---------------------------------------------------------------- a law */

bool capacity_is_narrow(const struct law *l)
{
	return l->high < NARROW * l->low;
}

static const char *why_not(const struct law *l, enum kind kind)
{
	if (capacity_is_narrow(l))
		return CAPACITY_WHY_NARROW;
	return kind == BUSY ? "utilisation does not rise with demand"
			    : "latency does not rise with demand";
}

void capacity_law(const struct minutes *m, enum kind kind, const struct range *counts,
		  double target, struct estimate *ret)
{
	static const double level = 0.1;
	struct curve_point v[CAPACITY_MINUTES];
	struct curve c;
	double start[2] = { level, level };

	*ret = (struct estimate){ .is_fitted = false };
	ret->n = take(m, kind, counts, v, &ret->law);
	if (ret->n < POINTS_LEAST || !(ret->law.high > 0)) {
		snprintf(ret->why, sizeof(ret->why),
			 "there are only %zu minutes of data, %d are needed", ret->n,
			 POINTS_LEAST);
		return;
	}
	if (kind == SLOW) {
		start[0] = v[0].y;
		start[1] = log(2);
	}
	ret->is_fitted =
		curve_fit(kind == BUSY ? capacity_busy_curve : capacity_slow_curve, 2, v,
			  ret->n, start, true, &c) &&
		read_law(&c, kind, target, ret);
	ret->law.is_usable = ret->is_fitted && ret->sd < USABLE;
	if (!ret->is_fitted)
		snprintf(ret->why, sizeof(ret->why), "%s", why_not(&ret->law, kind));
}
