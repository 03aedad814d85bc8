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
#define FIRST_DAY 2
#define SLOWER_MOST 1.4 /* log: a full queue's times are no law's */
#define ERROR_MOST 6    /* spreads: what is further off tells no more */
#define ERROR_USUAL 3   /* spreads that the means of errors take it for at most */
#define LASTS_MOST 0.98
#define LASTS_FIRST 0.5 /* until more is known, for so many minutes: */
#define FIRST_MINUTES 60

/* What a law expects of a demand that weighs so many times as much. */
static double expect(const struct law *l, enum kind kind, double x, double by)
{
	double g[2];

	if (kind == BUSY)
		return fmin(capacity_busy_curve(l->b, by * x / l->scale, g), 1);
	return capacity_slow_curve(l->b, by * x / l->scale, g) + log(by);
}

static double spread_of(const struct law *l, enum kind kind, double x, double plain)
{
	const double spread =
		l->spread * pow(capacity_level(kind, l, x / l->scale), l->power);

	/* Other hours may be dearer than those of less than a day. */
	const double by = l->has_day ? 1 : FIRST_DAY;

	if (kind == SLOW)
		return fmax(spread, by * SLOW_SPREAD_LEAST);
	return fmax(fmax(spread, BUSY_SPREAD_LEAST), by * BUSY_SPREAD_SHARE * plain);
}

/* NULL where the law has not been: for far more demand than it saw. */
static const struct law *law_for(const struct capacity *c, const struct point *p)
{
	const struct law *l = !isnan(p->u) ? &c->busy : &c->slow;

	return l->is_usable && (double)p->x <= BEYOND * l->high ? l : NULL;
}

static enum kind kind_of(const struct capacity *c, const struct law *l)
{
	return l == &c->busy ? BUSY : SLOW;
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

static double within(double v, double most)
{
	return fmin(fmax(v, -most), most);
}

/* A minute's errors in spreads. What a count of instances explains is none. */
static struct error error_of(const struct law *l, enum kind kind, const struct point *p)
{
	const struct burden b = burden_of(l, p);
	const double day = capacity_day_weight(l, kind, p->minute);
	const double least = expect(l, kind, b.x, day * b.least);
	const double most = expect(l, kind, b.x, day * b.most);
	const double y = kind == BUSY ? (double)p->u : log((double)p->r);
	const double plain = fmin(fmax(y, least), most);
	const double fallen =
		fmin(expect(l, kind, b.x, day * b.most * CHANGE), most + SLOWER_MOST);
	const double risen = expect(l, kind, b.x, day * b.least / CHANGE);
	const double s = spread_of(l, kind, b.x * day, plain);

	return (struct error){
		.minute = p->minute,
		.is = within((y - plain) / s, ERROR_MOST),
		.fallen = (fallen - plain) / s,
		.risen = (risen - plain) / s,
	};
}

/* Of an error, what lasts to the next minute. */
static double lasts(const struct errors *e)
{
	const double n = FIRST_MINUTES;
	const double r = (e->product + n * LASTS_FIRST) / (e->square + n);

	return fmin(fmax(r, 0), LASTS_MOST);
}

static void learn_errors(struct errors *e, const struct error *now,
			 const struct error *before)
{
	const double is = within(now->is, ERROR_USUAL);
	const double keep = 1 - 1.0 / CAPACITY_DAY;

	if (now->minute != before->minute + 1)
		return;
	e->minutes = keep * e->minutes + 1;
	e->square = keep * e->square + is * is;
	e->product = keep * e->product + is * within(before->is, ERROR_USUAL);
}

/* Log likelihood ratio of what is new in an error: of one that lasts the second time it
 * is seen is no news. begun: whether it had changed by the minute before. */
static double ratio(const struct errors *e, const struct error *now, double shift,
		    const struct error *before, double begun)
{
	const double r = now->minute == before->minute + 1 ? lasts(e) : 0;
	const double square = (e->square + FIRST_MINUTES) / (e->minutes + FIRST_MINUTES);
	const double plain = now->is - r * before->is;
	const double other = plain - shift + r * begun;
	const double z =
		(plain * plain - other * other) / (2 * fmax(square, 1) * (1 - r * r));

	return within(z, MINUTE_MOST);
}

/* Adds a minute to the sum of a shift of so many spreads. A sum that is 0 may begin with
 * a change before it. */
static void suspect(struct suspicion *s, const struct errors *e, const struct error *now,
		    double shift, const struct error *before, double shift_before)
{
	double z = ratio(e, now, shift, before, shift_before);

	if (!(s->sum > 0))
		z = fmax(z, ratio(e, now, shift, before, 0));
	if (s->sum < BEGUN)
		s->since = now->minute;
	s->sum = fmax(s->sum + z, 0);
}

/* The minutes since then say how many times as much a demand weighs. */
static size_t weights_since(const struct capacity *c, const struct law *l,
			    const struct point *v, size_t n_points, int64_t since,
			    double *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < n_points; i++) {
		const struct point *p = &v[i];

		if (p->minute >= since && p->x > 0 && law_for(c, p) == l)
			ret[n++] = capacity_weight(l, kind_of(c, l), p) /
				   (burden_of(l, p).x / (double)p->x);
	}
	return n;
}

static double new_capacity(const struct capacity *c, const struct law *l, int64_t since,
			   double from)
{
	double w[CAPACITY_MINUTES];
	size_t n = weights_since(c, l, c->recent, c->n_recent, since, w);

	n += weights_since(c, l, c->kept, c->n_kept, since, w + n);
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
	const struct error before = c->last;
	struct errors *errors;
	double from;
	int64_t since;

	if (!l)
		return false;
	errors = l == &c->busy ? &c->busy_errors : &c->slow_errors;
	c->last = error_of(l, kind_of(c, l), p);
	suspect(&c->fall, errors, &c->last, c->last.fallen, &before, before.fallen);
	suspect(&c->rise, errors, &c->last, c->last.risen, &before, before.risen);
	if (!capacity_is_suspect(c))
		learn_errors(errors, &c->last, &before);
	if (fmax(c->fall.sum, c->rise.sum) < CLEAR)
		return false;
	since = c->fall.sum > c->rise.sum ? c->fall.since : c->rise.since;
	from = c->known.model != CAPACITY_NOT_KNOWN ? c->known.value : l->capacity;
	*ret = (struct capacity_change){ since, from, new_capacity(c, l, since, from) };
	return true;
}
