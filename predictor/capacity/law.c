/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * law.c - fits the utilisation law and the queue, each to its minutes.
 */
#include "state.h"

#include "check.h"
#include "cleanup.h"
#include "posterior.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_LEAST 30
#define NARROW 1.3
#define CLASS_LEAST 10 /* minutes */
#define USABLE 0.1 /* relative deviation of a law where demand is high, to judge by it \
		    */
#define HALF_LIFE_MINUTES (7 * 1440.0)
#define FULL 0.02 /* as near to full, a queue is as good as full */
#define IDLE 0.01 /* noise of an instance is not below that of one so busy */
#define HOURS 24
#define SLOW_DAY 0.07
#define DAY_LEAST (23 * 60)
#define DRAWS 800
#define TWO_SIDED 3.92  /* deviations from one end of a 95 % interval to the other */
#define ROUNDS 4        /* the queue's curve is straightened about what was found */
#define OUTLIER_FIRST 6 /* spreads, while the noise is hardly known */
#define OUTLIER 4.685

/* By how much the weight of a demand may vary over a day, either way. Most tiers' does
 * not; but what latency has of that looks much like a smaller queue. */
static const struct posterior_priors day_priors[] = {
	[BUSY] = { { { 1e-4, 0.8 }, { 0.03, 0.1 }, { 0.1, 0.1 } }, 3 },
	[SLOW] = { { { SLOW_DAY, 1 } }, 1 },
};

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

static double of_day(const double *b, int64_t minute)
{
	const double angle = 2 * M_PI * (double)(minute % CAPACITY_DAY) / CAPACITY_DAY;

	return b[2] * cos(angle) + b[3] * sin(angle);
}

double capacity_day_weight(const struct law *l, enum kind kind, int64_t minute)
{
	const double v = of_day(l->b, minute);

	return kind == BUSY ? fmax(1 + v, 0.1) : exp(v);
}

double capacity_level(enum kind kind, const struct law *l, double x)
{
	double g[2];

	if (kind == BUSY)
		return fmax(capacity_busy_curve(l->b, x, g), IDLE);
	return 1 / fmax(1 - x * exp(-l->b[1]), FULL);
}

/* ---------------------------------------------------------------- minutes */

void capacity_collect(const struct capacity *c, struct minutes *ret)
{
	memcpy(ret->v, c->kept, c->n_kept * sizeof(ret->v[0]));
	memcpy(ret->v + c->n_kept, c->recent, c->n_recent * sizeof(ret->v[0]));
	ret->n = c->n_kept + c->n_recent;
	ret->now = c->minute;
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

/* The minutes of a law as points over demand / scale, in the order of time. */
struct fitting {
	enum kind kind;
	size_t n;
	struct curve_point v[CAPACITY_MINUTES];
	int64_t minute[CAPACITY_MINUTES];
	double hours[HOURS][2]; /* cosine and sine of those that were seen */
	size_t n_hours;
	struct posterior_point linear[CAPACITY_MINUTES];
	struct posterior posterior;
};

static void take(const struct minutes *m, const struct range *counts, struct fitting *f,
		 struct law *law)
{
	double x[CAPACITY_MINUTES];

	f->n = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct point *p = &m->v[i];

		if (!capacity_is_for(f->kind, counts, p))
			continue;
		x[f->n] = (double)p->x;
		law->instances += p->n;
		f->minute[f->n] = p->minute;
		f->v[f->n++] = (struct curve_point){
			.x = (double)p->x,
			.y = f->kind == BUSY ? (double)p->u : log((double)p->r),
			.w = exp2(-(double)(m->now - p->minute) / HALF_LIFE_MINUTES),
		};
	}
	if (f->n == 0)
		return;
	gsl_sort(x, 1, f->n);
	law->low = gsl_stats_quantile_from_sorted_data(x, 1, f->n, 0.05);
	law->high = gsl_stats_quantile_from_sorted_data(x, 1, f->n, 0.95);
	law->scale = x[f->n - 1];
	law->instances /= (double)f->n;
	for (size_t i = 0; i < f->n && law->scale > 0; i++)
		f->v[i].x /= law->scale;
}

/* Whether it has been seen how the weight of a demand varies over a day. */
static bool is_day(const struct fitting *f)
{
	return f->minute[f->n - 1] - f->minute[0] >= DAY_LEAST;
}

static void see_hours(struct fitting *f)
{
	bool seen[HOURS] = { false };

	for (size_t i = 0; i < f->n; i++)
		seen[f->minute[i] % CAPACITY_DAY * HOURS / CAPACITY_DAY] = true;
	f->n_hours = 0;
	for (size_t h = 0; h < HOURS; h++) {
		const double angle = 2 * M_PI * ((double)h + 0.5) / HOURS;

		if (!seen[h])
			continue;
		f->hours[f->n_hours][0] = cos(angle);
		f->hours[f->n_hours++][1] = sin(angle);
	}
}

/* The curve is straight near b: what is left of a minute, and how it follows b. */
static void straighten(const struct fitting *f, size_t i, const struct law *l,
		       struct posterior_point *ret)
{
	const double angle =
		2 * M_PI * (double)(f->minute[i] % CAPACITY_DAY) / CAPACITY_DAY;
	const double w = capacity_day_weight(l, f->kind, f->minute[i]);
	const double x = f->v[i].x * w;
	double g[2], all;

	*ret = (struct posterior_point){
		.level = capacity_level(f->kind, l, x),
		.minute = (double)f->minute[i],
		.weight = f->v[i].w,
	};
	if (f->kind == BUSY) {
		/* It is straight anyway. */
		ret->y = f->v[i].y;
		ret->g[0] = 1;
		ret->g[1] = f->v[i].x;
		all = f->v[i].x * l->b[1];
	} else {
		ret->y = f->v[i].y - capacity_slow_curve(l->b, x, g) - log(w);
		ret->g[0] = g[0];
		ret->g[1] = g[1];
		all = 1 - g[1];
	}
	ret->g[2] = all * cos(angle);
	ret->g[3] = all * sin(angle);
	if (f->kind == SLOW)
		for (size_t k = 0; k < POSTERIOR_PARAMS; k++)
			ret->y += ret->g[k] * l->b[k];
}

/* Of a law with its times of day, noise in proportion to that power of the level. */
static double error_of(const struct fitting *f, size_t i, const struct law *l,
		       double power)
{
	const double w = capacity_day_weight(l, f->kind, f->minute[i]);
	const double x = f->v[i].x * w;
	double g[2];
	const double at = f->kind == BUSY ? capacity_busy_curve(l->b, x, g)
					  : capacity_slow_curve(l->b, x, g) + log(w);

	return (f->v[i].y - at) / pow(capacity_level(f->kind, l, x), power);
}

/* The minutes but those that are further off, straightened about l. */
static size_t straight(struct fitting *f, const struct law *l, double power, double most)
{
	double size[CAPACITY_MINUTES], spread;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		size[i] = fabs(error_of(f, i, l, power));
	spread = 1.4826 * gsl_stats_median(size, 1, f->n);
	for (size_t i = 0; i < f->n; i++)
		if (!(fabs(error_of(f, i, l, power)) > most * spread) || !(spread > 0))
			straighten(f, i, l, &f->linear[n++]);
	return n;
}

/* The demand of the target, from a draw: in the dearest of the hours seen. around is
 * what the curve was straightened about. */
static double capacity_of(const struct fitting *f, const struct law *around,
			  const double *b, double target, bool has_day,
			  double *ret_dearest)
{
	double most = 0;

	for (size_t h = 0; has_day && h < f->n_hours; h++) {
		const double v = b[2] * f->hours[h][0] + b[3] * f->hours[h][1];

		most = h ? fmax(most, v) : v;
	}
	if (f->kind == SLOW) {
		*ret_dearest = exp(most);
		return target * exp(b[1] - most) * around->scale;
	}

	const double slope = b[1] + around->b[1] * most;

	*ret_dearest = slope / b[1];
	if (!(target > b[0]))
		return 0;
	return slope > 0 ? (target - b[0]) / slope * around->scale : INFINITY;
}

/* The minute of the highest demand. */
static size_t highest(const struct fitting *f)
{
	size_t ret = 0;

	for (size_t i = 1; i < f->n; i++)
		if (f->v[i].x > f->v[ret].x)
			ret = i;
	return ret;
}

/* What a draw expects of a minute. */
static double predicted(const struct fitting *f, const struct law *around,
			const double *b, bool has_day, size_t i)
{
	const double v = has_day ? of_day(b, f->minute[i]) : 0, x = f->v[i].x;
	double g[2];

	return f->kind == BUSY ? b[0] + (b[1] + around->b[1] * v) * x
			       : capacity_slow_curve(b, x * exp(v), g) + v;
}

/* The capacity and its interval from draws. */
static void draw(const struct fitting *f, const struct law *around, double target,
		 bool has_day, struct estimate *e)
{
	double v[DRAWS], most[DRAWS], dearest[DRAWS], at_high[DRAWS], b[POSTERIOR_PARAMS];
	const size_t high = highest(f);

	for (size_t k = 0; k < DRAWS; k++) {
		posterior_draw(&f->posterior, k, b);
		v[k] = capacity_of(f, around, b, target, has_day, &dearest[k]);
		/* By latency alone dearer requests look much like a smaller queue: the
		 * upper end is that of the mean of the day, and of a day that hides as
		 * much. */
		most[k] = f->kind == SLOW ? v[k] * dearest[k] * exp(SLOW_DAY) : v[k];
		at_high[k] = predicted(f, around, b, has_day, high);
	}
	e->law.is_usable =
		gsl_stats_sd(at_high, 1, DRAWS) <
		USABLE * (f->kind == BUSY ? gsl_stats_mean(at_high, 1, DRAWS) : 1);
	gsl_sort(v, 1, DRAWS);
	gsl_sort(most, 1, DRAWS);
	e->low = gsl_stats_quantile_from_sorted_data(v, 1, DRAWS, 0.025);
	e->high = most[(size_t)(0.975 * (DRAWS - 1)) + 1];
	e->law.capacity = v[DRAWS / 2];
	e->sd = log(e->high / e->low) / TWO_SIDED;
	e->dearest = gsl_stats_median(dearest, 1, DRAWS);
}

/* The mean of the posterior becomes the law. */
static void set_law(const struct fitting *f, struct law *l)
{
	const struct posterior *q = &f->posterior;
	const struct noise *noise = &posterior_best(q)->noise;
	const double around = l->b[1];

	for (size_t k = 0; k < POSTERIOR_PARAMS; k++)
		l->b[k] = 0;
	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < q->p; k++)
			l->b[k] += q->v[i].weight * q->v[i].b[k];
	for (size_t k = POSTERIOR_FLAT; f->kind == BUSY && k < POSTERIOR_PARAMS; k++)
		l->b[k] *= around / l->b[1];
	l->has_day = q->p > POSTERIOR_FLAT;
	l->spread = noise->sd;
	l->power = noise->power;
}

/* From a robust fit to how sure it is. False: there is no capacity. */
static bool find(struct fitting *f, const struct curve *c, double target, bool has_day,
		 struct estimate *e)
{
	const size_t p = has_day ? POSTERIOR_PARAMS : POSTERIOR_FLAT;
	const int rounds = f->kind == BUSY ? 2 : ROUNDS;
	struct law around = { .b = { c->b[0], c->b[1] }, .scale = e->law.scale };
	/* Near enough until the law is found. */
	struct noise noise = { .length = 10, .share = 0.5, .power = 0.5 };
	double most = OUTLIER_FIRST;

	for (int k = 1; k <= rounds; k++) {
		size_t n;

		if (f->kind == BUSY && !(around.b[1] > 0))
			return false;
		n = straight(f, &around, noise.power, most);
		if (n < POINTS_LEAST / 2 ||
		    !posterior_fit(f->linear, n, p, &day_priors[f->kind],
				   k == rounds ? NULL : &noise, &f->posterior))
			return false;
		e->law.b[1] = around.b[1];
		set_law(f, &e->law);
		if (k == rounds)
			draw(f, &around, target, has_day, e);
		for (size_t i = 0; i < POSTERIOR_PARAMS; i++)
			around.b[i] = e->law.b[i];
		most = OUTLIER;
	}
	return e->law.capacity > 0 && isfinite(e->law.capacity);
}

/* ---------------------------------------------------------------- counts */

size_t capacity_class(uint32_t instances)
{
	return MIN((size_t)(2 * log2(instances)), (size_t)CAPACITY_CLASSES - 1);
}

double capacity_weight(const struct law *l, enum kind kind, const struct point *p)
{
	const double x = (double)p->x / l->scale, r = (double)p->r;
	const double day = capacity_day_weight(l, kind, p->minute);

	if (kind == BUSY)
		return ((double)p->u - l->b[0]) / (l->b[1] * x) / day;
	/* r = w r0 / (1 - w x / c) */
	return r / (exp(l->b[0]) + r * x * exp(-l->b[1])) / day;
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
				w[n++] = capacity_weight(l, kind, &m->v[i]);
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
		  bool has_day, double target, struct estimate *ret)
{
	static const double level = 0.1;
	CLEANUP(free) struct fitting *f = xmalloc(sizeof(*f));
	struct curve c;
	double start[2] = { level, level };

	*ret = (struct estimate){ .is_fitted = false };
	f->kind = kind;
	take(m, counts, f, &ret->law);
	ret->n = f->n;
	if (f->n < POINTS_LEAST || !(ret->law.high > 0)) {
		snprintf(ret->why, sizeof(ret->why),
			 "there are only %zu minutes of data, %d are needed", f->n,
			 POINTS_LEAST);
		return;
	}
	see_hours(f);
	if (kind == SLOW) {
		start[0] = f->v[0].y;
		start[1] = log(2);
	}
	ret->is_fitted =
		curve_fit(kind == BUSY ? capacity_busy_curve : capacity_slow_curve, 2,
			  f->v, f->n, start, true, &c) &&
		find(f, &c, target, has_day && is_day(f), ret);
	ret->law.is_usable &= ret->is_fitted;
	if (!ret->is_fitted)
		snprintf(ret->why, sizeof(ret->why), "%s", why_not(&ret->law, kind));
}
