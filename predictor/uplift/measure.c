/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.c - measures the effect of a past event, by comparable days.
 */
#include "check.h"
#include "cleanup.h"
#include "steps.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define DAY_MS INT64_C(86400000)
#define AROUND_MS (UPLIFT_AROUND_H * INT64_C(3600000))
#define SHIFTS_MAX 32
#define ENOUGH_WEEKS 3
#define ENOUGH_SHARE 0.5     /* of the event's steps must be comparable */
#define MAD_TO_SD 1.4826     /* of a normal distribution */
#define MEDIAN_VARIANCE 1.57 /* pi / 2: of a median over that of a mean */
#define ERROR_MIN 0.02       /* no measure of a demand is better than 2 % */
#define ERROR_ALONE 0.3      /* of one or two comparable days: their spread is unknown */
#define MAD_FEW 1.0          /* n / (n - 1): that of few values is too small */
#define UPPER 0.95           /* a spread of few days: Student's t, at that level ... */
#define NORMAL_UPPER 1.6449  /* ... over this */

/* Which steps are ordinary: in no event. */
struct plain {
	const struct uplift_series *s;
	bool *in_event; /* [n] */
};

static size_t step_at(const struct uplift_series *s, int64_t t_ms)
{
	if (t_ms < s->t0_ms)
		return SIZE_MAX;
	return (size_t)((t_ms - s->t0_ms) / s->step_ms);
}

static bool is_same(const struct uplift_span *a, const struct uplift_span *b)
{
	return a->start_ms == b->start_ms && a->end_ms == b->end_ms;
}

/* The same time of the local clock, days away. */
static int64_t shifted(const struct uplift_series *s, int64_t t_ms, int days)
{
	return tz_unix_ms(s->zone,
			  t_ms + tz_offset_ms(s->zone, t_ms) + (int64_t)days * DAY_MS);
}

/* Sums of one comparison over the steps that both sides have. */
struct sums {
	double here, there, covered; /* covered: there, weighted by the event's share */
	size_t n, of;
};

static bool value_at(const struct plain *p, size_t i, double *ret)
{
	if (i >= p->s->n || !isfinite(p->s->y[i]))
		return false;
	*ret = p->s->y[i];
	return true;
}

/* Adds the step i and the one days away from it, when that is ordinary. */
static void add_pair(const struct plain *p, size_t i, int days, double share,
		     struct sums *to)
{
	const size_t k = step_at(p->s, shifted(p->s, time_of(p->s, i), days));
	double here, there;

	to->of++;
	if (!value_at(p, i, &here) || !value_at(p, k, &there) || p->in_event[k])
		return;
	to->here += here;
	to->there += there;
	to->covered += share * there;
	to->n++;
}

/* The level around the event: ordinary steps within a day of it. */
static void add_around(const struct plain *p, const struct uplift_span *of, int days,
		       struct sums *to)
{
	const struct uplift_span around = { of->start_ms - AROUND_MS,
					    of->end_ms + AROUND_MS };
	size_t from, end;

	steps_of(p->s, &around, &from, &end);
	for (size_t i = from; i < end; i++)
		if (!p->in_event[i])
			add_pair(p, i, days, 0, to);
}

/* log u by one comparable day. mine: whether a step of the event is in no other one. */
static bool compare(const struct plain *p, const struct uplift_span *of, const bool *mine,
		    int days, double *ret)
{
	struct sums in = { 0 }, around = { 0 };
	size_t from, end;
	double ratio, share;

	steps_of(p->s, of, &from, &end);
	for (size_t i = from; i < end; i++)
		if (mine[i - from])
			add_pair(p, i, days,
				 coverage(of, time_of(p->s, i), p->s->step_ms), &in);
	add_around(p, of, days, &around);
	if ((double)in.n < ENOUGH_SHARE * (double)in.of || in.there <= 0 ||
	    in.covered <= 0 || (double)around.n < ENOUGH_SHARE * (double)around.of ||
	    around.there <= 0 || around.here <= 0)
		return false;
	ratio = in.here / in.there * (around.there / around.here);
	share = in.covered / in.there;
	ratio = 1 + (ratio - 1) / share;
	*ret = log(fmin(fmax(ratio, UPLIFT_MIN), UPLIFT_MAX));
	return true;
}

static size_t compare_days(const struct plain *p, const struct uplift_span *of,
			   const bool *mine, int step_days, int max, double *ret)
{
	size_t n = 0;

	for (int k = 1; k <= max; k++)
		for (int sign = -1; sign <= 1; sign += 2)
			n += compare(p, of, mine, sign * k * step_days, ret + n);
	return n;
}

static void mark_events(const struct plain *p, const struct uplift_span *of,
			const struct uplift_span *others, size_t n, bool *mine)
{
	size_t from, end, a, b;

	steps_of(p->s, of, &from, &end);
	for (size_t i = from; i < end; i++)
		mine[i - from] = p->in_event[i] = true;
	for (size_t k = 0; k < n; k++) {
		if (is_same(&others[k], of))
			continue;
		steps_of(p->s, &others[k], &a, &b);
		for (size_t i = a; i < b; i++) {
			p->in_event[i] = true;
			if (i >= from && i < end)
				mine[i - from] = false;
		}
	}
}

static bool has_demand(const struct uplift_series *s, size_t from, size_t end,
		       const bool *mine)
{
	for (size_t i = from; i < end; i++)
		if (mine[i - from] && isfinite(s->y[i]))
			return true;
	return false;
}

static void summarise(double *logs, size_t n, struct uplift_measure *ret)
{
	const double few = (double)n;
	double mid, work[SHIFTS_MAX], spread = ERROR_ALONE;

	gsl_sort(logs, 1, n);
	mid = gsl_stats_median_from_sorted_data(logs, 1, n);
	if (n > 2) {
		for (size_t i = 0; i < n; i++)
			work[i] = fabs(logs[i] - mid);
		gsl_sort(work, 1, n);
		spread = MAD_TO_SD * gsl_stats_median_from_sorted_data(work, 1, n) * few /
			 (few - MAD_FEW) * gsl_cdf_tdist_Pinv(UPPER, few - 1) /
			 NORMAL_UPPER;
	}
	*ret = (struct uplift_measure){
		.log_ratio = mid,
		/* The day of the event is as noisy as one of those it is
		 * compared with. */
		.error = fmax(spread * sqrt(1 + MEDIAN_VARIANCE / few), ERROR_MIN),
		.days = n,
	};
}

int uplift_measure(const struct uplift_series *s, const struct uplift_span *of,
		   const struct uplift_span *others, size_t n, struct uplift_measure *ret,
		   struct err *err)
{
	CLEANUP(free) bool *in_event = xcalloc(s->n + 1, sizeof(*in_event));
	const struct plain p = { s, in_event };
	CLEANUP(free) bool *mine = NULL;
	double logs[SHIFTS_MAX];
	size_t from, end, found;

	steps_of(s, of, &from, &end);
	if (of->start_ms < s->t0_ms || of->end_ms > time_of(s, s->n) || from >= end)
		return err_set(err, ERR_NOT_FOUND,
			       "demand was not recorded for all of it");
	mine = xcalloc(end - from, sizeof(*mine));
	mark_events(&p, of, others, n, mine);
	if (!has_demand(s, from, end, mine))
		return err_set(err, ERR_NOT_FOUND,
			       "no demand was recorded in it, or other events cover it");
	found = compare_days(&p, of, mine, 7, UPLIFT_WEEKS, logs);
	if (found < ENOUGH_WEEKS)
		found = compare_days(&p, of, mine, 1, 7, logs);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no day to compare it with");
	summarise(logs, found, ret);
	return 0;
}
