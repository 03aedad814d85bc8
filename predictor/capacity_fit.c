/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity_fit.c - the laws through what was seen, which of them counts, and the cautious
 * value without one.
 */
#include "capacity_impl.h"

#include "usl.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>

#define MINUTES_MAX ((CAPACITY_BANDS + 1) * CAPACITY_DEPTH)
#define POINTS_LEAST 30
#define REACH_LEAST 0.5 /* of the capacity must have been asked for */
#define WIDTH_MOST 0.25 /* of the interval, either way */
#define USABLE 0.1      /* standard deviation of a law's logarithm to judge by it */
#define HALF_LIFE_MINUTES (7 * 1440.0)
#define FULL 0.02 /* as near to full, a queue is as good as full */
#define SAFE_GROWTH 2
#define SLOW_AT_MOST 2 /* times the shortest time: served well */
#define BAND_LEAST 3
#define COUNTS_MAX 32
#define COUNTS_LEAST 4
#define COUNT_SD_MOST 0.15
#define FALLS 0.95      /* the law of many counts only below that share */
#define CHI2_LEAST 13.8 /* 2 degrees of freedom, one in a thousand */

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

struct minutes {
	struct point v[MINUTES_MAX]; /* in the order of time */
	size_t n;
	int64_t now;
};

static int by_minute(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->minute > q->minute) - (p->minute < q->minute);
}

static void collect(const struct capacity *c, struct minutes *ret)
{
	ret->n = 0;
	ret->now = c->minute;
	for (size_t k = 0; k <= CAPACITY_BANDS; k++)
		for (size_t i = 0; i < c->bands[k].n; i++)
			ret->v[ret->n++] = c->bands[k].v[i];
	qsort(ret->v, ret->n, sizeof(ret->v[0]), by_minute);
}

/* ---------------------------------------------------------------- one law */

enum kind { BUSY, SLOW };

struct estimate {
	bool is_fitted;
	struct law law;
	double sd;   /* of the capacity's logarithm */
	double t;    /* deviations that the 95 % interval reaches */
	size_t n;
	char why[sizeof((struct capacity_known){ 0 }.why)];
};

/* Counts of instances, both ends included. */
struct range {
	double low, high;
};

static bool is_for(enum kind kind, const struct range *counts, const struct point *p)
{
	if (p->n < counts->low || p->n > counts->high)
		return false;
	if (kind == BUSY)
		return !isnan(p->u) && p->u < CAPACITY_SATURATED;
	return !isnan(p->r) && p->x > 0;
}

/* The minutes of a law as points over demand / scale, which the law is told. */
static size_t take(const struct minutes *m, enum kind kind, const struct range *counts,
		   struct curve_point *ret, struct law *law)
{
	double x[MINUTES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct point *p = &m->v[i];

		if (!is_for(kind, counts, p))
			continue;
		x[n] = (double)p->x;
		ret[n++] = (struct curve_point){
			.x = (double)p->x,
			.y = kind == BUSY ? (double)p->u : log((double)p->r),
			.w = exp2(-(double)(m->now - p->minute) / HALF_LIFE_MINUTES),
		};
	}
	if (n == 0)
		return 0;
	gsl_sort(x, 1, n);
	law->high = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.95);
	law->scale = x[n - 1];
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
	e->law.spread = c->spread;
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

static void fit_law(const struct minutes *m, enum kind kind, const struct range *counts,
		    double target, struct estimate *ret)
{
	static const double level = 0.1;
	struct curve_point v[MINUTES_MAX];
	struct curve c;
	double start[2] = { level, level };

	*ret = (struct estimate){ .is_fitted = false };
	ret->n = take(m, kind, counts, v, &ret->law);
	if (ret->n < POINTS_LEAST || !(ret->law.high > 0)) {
		snprintf(ret->why, sizeof(ret->why),
			 "only %zu minutes of it are known, %d are needed", ret->n,
			 POINTS_LEAST);
		return;
	}
	if (kind == SLOW) {
		start[0] = v[0].y;
		start[1] = log(2);
	}
	ret->is_fitted = curve_fit(kind == BUSY ? capacity_busy_curve
						: capacity_slow_curve,
				   2, v, ret->n, start, true, &c) &&
			 read_law(&c, kind, target, ret);
	ret->law.is_usable = ret->is_fitted && ret->sd < USABLE;
	if (!ret->is_fitted)
		snprintf(ret->why, sizeof(ret->why),
			 kind == BUSY ? "utilisation does not rise with demand"
				      : "answers do not slow down with demand");
}

/* ---------------------------------------------------------------- what is known */

static double width(double t, double sd)
{
	return exp(t * sd) - 1;
}

static bool is_known(struct estimate *e)
{
	const double reach = e->law.high / e->law.capacity;

	if (!e->is_fitted)
		return false;
	if (reach < REACH_LEAST)
		snprintf(e->why, sizeof(e->why),
			 "demand was never above %.0f %% of what it could serve",
			 100 * reach);
	else if (width(e->t, e->sd) > WIDTH_MOST)
		snprintf(e->why, sizeof(e->why),
			 "it may still be anything from %.3g to %.3g",
			 e->law.capacity * exp(-e->t * e->sd),
			 e->law.capacity * exp(e->t * e->sd));
	else
		return true;
	return false;
}

static void tell(struct capacity_known *k, enum capacity_model model, double value,
		 double sd, double t)
{
	k->model = model;
	k->value = value;
	k->low = value * exp(-t * sd);
	k->high = value * exp(t * sd);
}

/* ---------------------------------------------------------------- many counts */

struct counts {
	double n[COUNTS_MAX], x[COUNTS_MAX], sd[COUNTS_MAX]; /* together */
	size_t m;
};

static size_t distinct_counts(const struct minutes *m, uint32_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t k = 0;

		while (k < n && ret[k] != m->v[i].n)
			k++;
		if (k == n && n < COUNTS_MAX)
			ret[n++] = m->v[i].n;
	}
	return n;
}

static void fit_counts(const struct minutes *m, enum kind kind, double target,
		       struct counts *ret)
{
	uint32_t count[COUNTS_MAX];
	const size_t n = distinct_counts(m, count);

	ret->m = 0;
	for (size_t k = 0; n >= COUNTS_LEAST && k < n; k++) {
		const struct range one = { count[k], count[k] };
		struct estimate e;

		fit_law(m, kind, &one, target, &e);
		if (!e.is_fitted || e.sd > COUNT_SD_MOST ||
		    e.law.high / e.law.capacity < REACH_LEAST)
			continue;
		ret->n[ret->m] = count[k];
		ret->x[ret->m] = count[k] * e.law.capacity;
		/* What is without noise is still not known beyond a part in a thousand. */
		ret->sd[ret->m] = ret->x[ret->m] * fmax(e.sd, 1e-3);
		ret->m++;
	}
}

/* The sum of squares when an instance serves the same whatever their count. */
static double chi2_of_one(const struct counts *k)
{
	double up = 0, down = 0, sum = 0;

	for (size_t i = 0; i < k->m; i++) {
		up += k->x[i] * k->n[i] / (k->sd[i] * k->sd[i]);
		down += k->n[i] * k->n[i] / (k->sd[i] * k->sd[i]);
	}
	for (size_t i = 0; i < k->m; i++) {
		const double e = (k->x[i] - k->n[i] * up / down) / k->sd[i];

		sum += e * e;
	}
	return sum;
}

static bool falls(const struct counts *k, const struct usl *u)
{
	double least = k->n[0], most = k->n[0];

	for (size_t i = 1; i < k->m; i++) {
		least = fmin(least, k->n[i]);
		most = fmax(most, k->n[i]);
	}
	return usl_throughput(u, most, NULL) / most <
	       FALLS * usl_throughput(u, least, NULL) / least;
}

/* The law of many counts, when they tell that there is one. */
static void fit_usl(struct capacity *c, const struct minutes *m, enum kind kind, double n)
{
	struct usl u;
	struct counts k;
	double x, sd;

	fit_counts(m, kind, c->target, &k);
	if (k.m < COUNTS_LEAST || !usl_fit(k.n, k.x, k.sd, k.m, &u) ||
	    chi2_of_one(&k) - u.chi2 < CHI2_LEAST || !falls(&k, &u))
		return;
	x = usl_throughput(&u, n, &sd);
	if (width(2, sd / x) > WIDTH_MOST)
		return;
	tell(&c->known, CAPACITY_USL, x / n, sd / x, 2);
	snprintf(c->known.why, sizeof(c->known.why),
		 "an instance serves the less the more there are, seen with %zu counts "
		 "of them",
		 k.m);
}

/* ---------------------------------------------------------------- without a law */

static double median_of(const struct band *b, enum kind kind, size_t *ret_n)
{
	double v[CAPACITY_DEPTH];
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const double y = (double)(kind == BUSY ? b->v[i].u : b->v[i].r);

		if (!isnan(y))
			v[n++] = y;
	}
	*ret_n = n;
	return n ? gsl_stats_median(v, 1, n) : NAN;
}

static double median_demand(const struct band *b)
{
	double v[CAPACITY_DEPTH];

	for (size_t i = 0; i < b->n; i++)
		v[i] = (double)b->v[i].x;
	return gsl_stats_median(v, 1, b->n);
}

static double cautious_by_utilisation(const struct capacity *c)
{
	double served = NAN, too_much = NAN;

	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const struct band *b = &c->bands[k];
		size_t n;
		const double u = median_of(b, BUSY, &n);

		if (n < BAND_LEAST)
			continue;

		const double x = median_demand(b);

		if (u < CAPACITY_SATURATED)
			served = fmax(served, fmin(SAFE_GROWTH * x, x * c->target / u));
		else
			too_much = fmin(too_much, x * c->target);
	}
	return fmin(served, too_much);
}

static double cautious_by_latency(const struct capacity *c)
{
	double shortest = NAN, best = NAN;
	size_t n;

	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const double r = median_of(&c->bands[k], SLOW, &n);

		if (n >= BAND_LEAST)
			shortest = fmin(shortest, r);
	}
	for (size_t k = 0; k < CAPACITY_BANDS; k++) {
		const double r = median_of(&c->bands[k], SLOW, &n);

		if (n >= BAND_LEAST && r <= SLOW_AT_MOST * shortest)
			best = fmax(best, median_demand(&c->bands[k]));
	}
	return best;
}

/* ---------------------------------------------------------------- all */

static void say_known(struct capacity_known *k, const struct estimate *e, enum kind kind,
		      double target)
{
	if (kind == BUSY)
		snprintf(k->why, sizeof(k->why),
			 "utilisation rises in proportion to demand; %.0f %% of what "
			 "makes it %.0f %% busy was seen",
			 100 * e->law.high / e->law.capacity, 100 * target);
	else
		snprintf(k->why, sizeof(k->why),
			 "answers slow down with demand as in a queue; %.0f %% of what "
			 "makes it %.0f %% busy was seen",
			 100 * e->law.high / e->law.capacity, 100 * target);
}

/* The law to judge by knows counts of instances near the present one; where all are, it is
 * the law over all. */
static struct law law_near(const struct minutes *m, enum kind kind, double instances,
			   double target, const struct estimate *all)
{
	const struct range near = { instances / CAPACITY_NEAR,
				    instances * CAPACITY_NEAR };
	struct estimate e;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += is_for(kind, &near, &m->v[i]);
	if (n == all->n)
		return all->law;
	fit_law(m, kind, &near, target, &e);
	return e.law;
}

/* What runs out first is what limits. */
static enum kind which(const struct estimate *e, const bool *known)
{
	if (known[BUSY] && known[SLOW])
		return e[BUSY].law.capacity <= e[SLOW].law.capacity ? BUSY : SLOW;
	if (known[BUSY] || known[SLOW])
		return known[BUSY] ? BUSY : SLOW;
	return e[BUSY].n ? BUSY : SLOW;
}

void capacity_fit(struct capacity *c, size_t instances)
{
	static const struct range any = { 0, UINT32_MAX };
	CLEANUP(free) struct minutes *m = xcalloc(1, sizeof(*m));
	struct capacity_known *k = &c->known;
	struct estimate e[2];
	bool known[2];
	enum kind by;

	if (capacity_is_suspect(c))
		return;
	collect(c, m);
	for (enum kind kind = BUSY; kind <= SLOW; kind++) {
		fit_law(m, kind, &any, c->target, &e[kind]);
		known[kind] = is_known(&e[kind]);
	}
	c->count = MAX(instances, 1);
	c->busy = law_near(m, BUSY, (double)c->count, c->target, &e[BUSY]);
	c->slow = law_near(m, SLOW, (double)c->count, c->target, &e[SLOW]);
	by = which(e, known);
	*k = (struct capacity_known){ CAPACITY_NOT_KNOWN, NAN, NAN, NAN, NAN, e[by].n,
				      "" };
	snprintf(k->why, sizeof(k->why), "%s", e[by].why);
	k->cautious = cautious_by_utilisation(c);
	if (isnan(k->cautious))
		k->cautious = cautious_by_latency(c);
	if (!known[by])
		return;
	tell(k, by == BUSY ? CAPACITY_UTILISATION : CAPACITY_QUEUE, e[by].law.capacity,
	     e[by].sd, e[by].t);
	say_known(k, &e[by], by, c->target);
	fit_usl(c, m, by, (double)c->count);
}
