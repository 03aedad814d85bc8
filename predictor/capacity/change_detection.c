/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * change_detection.c - whether the minutes contradict the law: Page's CUSUM of the log
 * likelihood ratio of a capacity that is two thirds, and of one that is half as large
 * again, against the law as it was fitted.
 *
 * A minute counts for at most MINUTE_MOST, so that no single one, nor a handful, is a
 * change; demand that does not distinguish the two is ignored.
 */
#include "state.h"

#include "check.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define CHANGE 1.5
#define CLEAR 12.0 /* e^-12: by chance once in 160,000 minutes at the most */
#define MINUTE_MOST 1.5
#define BEGUN 1.0  /* less is noise: the change has not begun */
#define BEYOND 1.5 /* a law is not trusted for more than that times what it has seen */
#define BUSY_SPREAD_LEAST 0.01
#define BUSY_SPREAD_SHARE 0.05
#define SLOW_SPREAD_LEAST 0.1
#define SLOWER_MOST 1.4 /* log: a full queue's times are no law's */

/* What a law expects of a demand that weighs so many times as much. */
static double expect(const struct law *l, bool is_busy, double x, double by)
{
	double g[2];

	if (is_busy)
		return fmin(capacity_busy_curve(l->b, by * x / l->scale, g), 1);
	return capacity_slow_curve(l->b, by * x / l->scale, g) + log(by);
}

static double spread_of(const struct law *l, bool is_busy, double plain)
{
	if (!is_busy)
		return fmax(l->spread, SLOW_SPREAD_LEAST);
	return fmax(fmax(l->spread, BUSY_SPREAD_LEAST), BUSY_SPREAD_SHARE * plain);
}

/* NULL where the law has not been: for far more demand than it saw. */
static const struct law *law_for(const struct capacity *c, const struct point *p)
{
	const struct law *l = !isnan(p->u) ? &c->busy : &c->slow;

	return l->is_usable && (double)p->x <= BEYOND * l->high ? l : NULL;
}

/* The demand as the law sees it, and how many times as much it may weigh besides. A count
 * of instances that the law knows has its own weight. */
struct burden {
	double x, least, most;
};

/* More instances than are known may disturb each other, fewer less so; but while more of
 * them serve more together, a demand weighs at most as many times as much as there are
 * times as many. */
static struct burden burden_of(const struct law *l, const struct point *p)
{
	const double known = (double)l->weight[capacity_class(p->n)];
	const double q = p->n / l->instances;

	if (known > 0)
		return (struct burden){ (double)p->x * known, 1, 1 };
	return (struct burden){ (double)p->x, fmin(q, 1), fmax(q, 1) };
}

/* Log likelihood ratio of a demand that weighs `by` times as much. What a count of
 * instances explains is no contradiction. */
static double ratio(const struct law *l, bool is_busy, const struct point *p, double by)
{
	const struct burden b = burden_of(l, p);
	const double least = expect(l, is_busy, b.x, b.least);
	const double most = expect(l, is_busy, b.x, b.most);
	const double y = is_busy ? (double)p->u : log((double)p->r);
	const double plain = fmin(fmax(y, least), most);
	const double other =
		by > 1 ? fmin(expect(l, is_busy, b.x, by * b.most), most + SLOWER_MOST)
		       : expect(l, is_busy, b.x, by * b.least);
	const double s = spread_of(l, is_busy, plain);
	const double z =
		((y - plain) * (y - plain) - (y - other) * (y - other)) / (2 * s * s);

	return fmin(fmax(z, -MINUTE_MOST), MINUTE_MOST);
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
				w[n++] = capacity_weight(l, l == &c->busy, p) /
					 (burden_of(l, p).x / (double)p->x);
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
	c->fall.sum = fmax(c->fall.sum + ratio(l, l == &c->busy, p, CHANGE), 0);
	c->rise.sum = fmax(c->rise.sum + ratio(l, l == &c->busy, p, 1 / CHANGE), 0);
	if (fmax(c->fall.sum, c->rise.sum) < CLEAR)
		return false;
	since = c->fall.sum > c->rise.sum ? c->fall.since : c->rise.since;
	from = c->known.model != CAPACITY_NOT_KNOWN ? c->known.value : l->capacity;
	*ret = (struct capacity_change){ since, from, new_capacity(c, l, since, from) };
	return true;
}
