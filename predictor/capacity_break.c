/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity_break.c - whether the minutes contradict the law: Page's CUSUM of the log
 * likelihood ratio of a capacity that is two thirds, and of one that is half as large
 * again, against the law as it was fitted.
 *
 * A minute counts for at most MINUTE_MOST, so that no single one, nor a handful, is a
 * change; demand that tells the two apart by nothing counts for nothing.
 */
#include "capacity_impl.h"

#include "check.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define CHANGE 1.5
#define CLEAR 12.0 /* e^-12: by chance once in 160,000 minutes at the most */
#define MINUTE_MOST 1.5
#define BEGUN 1.0 /* less is noise: the change has not begun */
#define BEYOND 1.5 /* a law is not trusted for more than that times what it has seen */
#define BUSY_SPREAD_LEAST 0.01
#define BUSY_SPREAD_SHARE 0.05
#define SLOW_SPREAD_LEAST 0.1
#define SLOWER_MOST 1.4 /* log: a full queue's times are no law's */

/* Log likelihood ratio of demands weighing `by` times as much. */
static double busy_ratio(const struct law *l, double x, double u, double by)
{
	double g[2];
	const double plain = fmin(capacity_busy_curve(l->b, x / l->scale, g), 1);
	const double other = fmin(capacity_busy_curve(l->b, by * x / l->scale, g), 1);
	const double s =
		fmax(fmax(l->spread, BUSY_SPREAD_LEAST), BUSY_SPREAD_SHARE * plain);

	return ((u - plain) * (u - plain) - (u - other) * (u - other)) / (2 * s * s);
}

static double slow_ratio(const struct law *l, double x, double r, double by)
{
	double g[2];
	const double plain = capacity_slow_curve(l->b, x / l->scale, g);
	const double other = fmin(capacity_slow_curve(l->b, by * x / l->scale, g) +
					  log(by),
				  plain + SLOWER_MOST);
	const double s = fmax(l->spread, SLOW_SPREAD_LEAST), y = log(r);

	return ((y - plain) * (y - plain) - (y - other) * (y - other)) / (2 * s * s);
}

/* NULL where the law has not been: for far more demand than it saw, and for far more or
 * fewer instances, which may disturb each other as it cannot know. */
static const struct law *law_for(const struct capacity *c, const struct point *p)
{
	const struct law *l = !isnan(p->u) ? &c->busy : &c->slow;
	const double n = p->n, count = (double)c->count;
	const bool is_near = n <= CAPACITY_NEAR * count && count <= CAPACITY_NEAR * n;

	return l->is_usable && is_near && (double)p->x <= BEYOND * l->high ? l : NULL;
}

static double ratio(const struct capacity *c, const struct law *l, const struct point *p,
		    double by)
{
	const double x = (double)p->x;
	const double z = l == &c->busy ? busy_ratio(l, x, (double)p->u, by)
				       : slow_ratio(l, x, (double)p->r, by);

	return fmin(fmax(z, -MINUTE_MOST), MINUTE_MOST);
}

/* How many times as much a demand weighs as the law says. */
static double weight(const struct law *l, const struct point *p, bool by_utilisation)
{
	const double x = (double)p->x / l->scale;
	const double r = (double)p->r;

	if (by_utilisation)
		return ((double)p->u - l->b[0]) / (l->b[1] * x);
	/* r = w r0 / (1 - w x / c) */
	return r / (exp(l->b[0]) + r * x * exp(-l->b[1]));
}

static double new_capacity(const struct capacity *c, const struct law *l, int64_t since,
			   double from)
{
	double w[(CAPACITY_BANDS + 1) * CAPACITY_DEPTH];
	size_t n = 0;

	for (size_t k = 0; k < CAPACITY_BANDS; k++)
		for (size_t i = 0; i < c->bands[k].n; i++) {
			const struct point *p = &c->bands[k].v[i];

			if (p->minute >= since && law_for(c, p) == l)
				w[n++] = weight(l, p, l == &c->busy);
		}
	return n ? from / gsl_stats_median(w, 1, n) : NAN;
}

bool capacity_is_suspect(const struct capacity *c)
{
	return fmax(c->fall.sum, c->rise.sum) > CLEAR / 2;
}

bool capacity_break(struct capacity *c, const struct point *p,
		    struct capacity_change *ret)
{
	const struct law *l = law_for(c, p);
	double from;
	int64_t since;

	if (!l)
		return false;
	if (c->fall.sum < BEGUN)
		c->fall.since = p->minute;
	if (c->rise.sum < BEGUN)
		c->rise.since = p->minute;
	c->fall.sum = fmax(c->fall.sum + ratio(c, l, p, CHANGE), 0);
	c->rise.sum = fmax(c->rise.sum + ratio(c, l, p, 1 / CHANGE), 0);
	if (fmax(c->fall.sum, c->rise.sum) < CLEAR)
		return false;
	since = c->fall.sum > c->rise.sum ? c->fall.since : c->rise.since;
	from = c->known.model != CAPACITY_NOT_KNOWN ? c->known.value : l->capacity;
	*ret = (struct capacity_change){ since, from, new_capacity(c, l, since, from) };
	return true;
}
