/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "uplift.h"

#include "check.h"
#include "cleanup.h"
#include "text.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define AROUND_MS (UPLIFT_AROUND_H * INT64_C(3600000))
#define SHIFTS_MAX 32
#define ENOUGH_WEEKS 3
#define ENOUGH_SHARE 0.5     /* of the event's steps must be comparable */
#define MAD_TO_SD 1.4826     /* of a normal distribution */
#define MEDIAN_VARIANCE 1.57 /* pi / 2: of a median over that of a mean */
#define ERROR_MIN 0.02       /* no measure of a demand is better than 2 % */
#define ERROR_ALONE 0.3      /* of one comparable day, whose spread nobody knows */
#define PRIOR_SD 0.7         /* of log u: from a half to two, mostly */
#define BETWEEN_SD 0.2       /* occurrences of one name differ by 20 % ... */
#define BETWEEN_WEIGHT 2.0   /* ... as if that had been seen so often */
#define INTERVAL 1.6449      /* 90 % of a normal distribution */

/* ---------------------------------------------------------------- comparable days */

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

static int64_t time_of(const struct uplift_series *s, size_t i)
{
	return s->t0_ms + (int64_t)i * s->step_ms;
}

/* Steps that touch a span: [*from, *to), within the series. */
static void steps_of(const struct uplift_series *s, const struct uplift_span *of,
		     size_t *from, size_t *to)
{
	int64_t a = of->start_ms - s->t0_ms, b = of->end_ms - s->t0_ms;

	*from = a <= 0 ? 0 : MIN((size_t)(a / s->step_ms), s->n);
	*to = b <= 0 ? 0 : MIN((size_t)((b + s->step_ms - 1) / s->step_ms), s->n);
}

/* The share of a step that a span covers. */
static double coverage(const struct uplift_span *of, int64_t t_ms, int64_t step_ms)
{
	const int64_t a = MAX(of->start_ms, t_ms), b = MIN(of->end_ms, t_ms + step_ms);

	return b > a ? (double)(b - a) / (double)step_ms : 0;
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

/* ---------------------------------------------------------------- measuring */

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
	double mid, work[SHIFTS_MAX], spread = ERROR_ALONE;

	gsl_sort(logs, 1, n);
	mid = gsl_stats_median_from_sorted_data(logs, 1, n);
	if (n > 1) {
		for (size_t i = 0; i < n; i++)
			work[i] = fabs(logs[i] - mid);
		gsl_sort(work, 1, n);
		spread = MAD_TO_SD * gsl_stats_median_from_sorted_data(work, 1, n);
	}
	*ret = (struct uplift_measure){
		.log_ratio = mid,
		/* The day of the event is as noisy as one of those it is compared with.
		 */
		.error = fmax(spread * sqrt(1 + MEDIAN_VARIANCE / (double)n), ERROR_MIN),
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
			       "there is no demand of its whole time");
	mine = xcalloc(end - from, sizeof(*mine));
	mark_events(&p, of, others, n, mine);
	if (!has_demand(s, from, end, mine))
		return err_set(err, ERR_NOT_FOUND,
			       "there is no demand in it, or other events cover it");
	found = compare_days(&p, of, mine, 7, UPLIFT_WEEKS, logs);
	if (found < ENOUGH_WEEKS)
		found = compare_days(&p, of, mine, 1, 7, logs);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no day to compare it with");
	summarise(logs, found, ret);
	return 0;
}

/* ---------------------------------------------------------------- expecting */

int uplift_parse(const char *text, double *ret, struct err *err)
{
	const size_t n = strlen(text);
	const bool is_change = *text == '+' || *text == '-';
	double u;

	if (strcmp(text, "learn") == 0) {
		*ret = NAN;
		return 0;
	}
	if (conf_parse_number(text, &u, NULL) < 0 || (is_change && text[n - 1] != '%'))
		return err_set(err, ERR_INVAL,
			       "uplift = %.40s is neither a factor as 2.5, a change as "
			       "+150%% or -40%%, nor learn",
			       text);
	u += is_change;
	if (!(u >= UPLIFT_MIN && u <= UPLIFT_MAX))
		return err_set(err, ERR_INVAL, "uplift = %.40s must be from %g to %g",
			       text, UPLIFT_MIN, UPLIFT_MAX);
	*ret = u;
	return 0;
}

struct uplift uplift_none(void)
{
	return (struct uplift){ .mid = 1, .low = 1, .high = 1 };
}

struct uplift uplift_given(double u)
{
	return (struct uplift){ .mid = u, .low = u, .high = u };
}

static struct uplift of_log(double mean, double sd, size_t n)
{
	return (struct uplift){ .mid = exp(mean),
				.low = exp(mean - INTERVAL * sd),
				.high = exp(mean + INTERVAL * sd),
				.log_sd = sd,
				.n = n };
}

/* Variance between occurrences: what they differ by beyond their errors, and its prior.
 */
static double between(const struct uplift_measure *m, size_t n)
{
	double mean = 0, excess = 0;

	for (size_t i = 0; i < n; i++)
		mean += m[i].log_ratio / (double)n;
	for (size_t i = 0; i < n; i++)
		excess += gsl_pow_2(m[i].log_ratio - mean) -
			  gsl_pow_2(m[i].error) * (1 - 1 / (double)n);
	return (BETWEEN_WEIGHT * gsl_pow_2(BETWEEN_SD) + fmax(excess, 0)) /
	       (BETWEEN_WEIGHT + (double)n - 1);
}

struct uplift uplift_learned(const struct uplift_measure *m, size_t n)
{
	double precision = 1 / gsl_pow_2(PRIOR_SD), sum = 0, var;

	if (n == 0)
		return uplift_none();
	var = between(m, n);
	for (size_t i = 0; i < n; i++) {
		const double w = 1 / (gsl_pow_2(m[i].error) + var);

		precision += w;
		sum += w * m[i].log_ratio;
	}
	return of_log(sum / precision, sqrt(1 / precision + var), n);
}

/* Of events together: however many overlap, demand can be divided by it. */
static double bounded(double u)
{
	return fmin(fmax(u, UPLIFT_LEAST), UPLIFT_MOST);
}

static int by_name(const void *a, const void *b)
{
	const struct uplift_named *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	if (c)
		return c;
	return (x->span.start_ms > y->span.start_ms) -
	       (x->span.start_ms < y->span.start_ms);
}

size_t uplift_join(struct uplift_named *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		struct uplift_named *last = kept ? &v[kept - 1] : NULL;

		if (last && strcmp(last->name, v[i].name) == 0 &&
		    v[i].span.start_ms <= last->span.end_ms)
			last->span.end_ms = MAX(last->span.end_ms, v[i].span.end_ms);
		else
			v[kept++] = v[i];
	}
	return kept;
}

void uplift_factors(const struct uplift_event *e, size_t n, int64_t t0_ms,
		    int64_t step_ms, double *ret, size_t n_steps)
{
	const struct uplift_series s = { .n = n_steps,
					 .t0_ms = t0_ms,
					 .step_ms = step_ms };

	for (size_t i = 0; i < n_steps; i++)
		ret[i] = 1;
	for (size_t k = 0; k < n; k++) {
		size_t from, end;

		steps_of(&s, &e[k].span, &from, &end);
		for (size_t i = from; i < end; i++)
			ret[i] = bounded(ret[i] * (1 + coverage(&e[k].span,
								time_of(&s, i), step_ms) *
							       (e[k].u.mid - 1)));
	}
}

/* The product in force at a time. */
static struct uplift at(const struct uplift_event *e, size_t n, int64_t t_ms)
{
	double mean = 0, var = 0;
	size_t least = 0;

	for (size_t k = 0; k < n; k++) {
		if (t_ms < e[k].span.start_ms || t_ms >= e[k].span.end_ms)
			continue;
		mean += log(e[k].u.mid);
		var += gsl_pow_2(e[k].u.log_sd);
		if (e[k].u.n)
			least = least ? MIN(least, e[k].u.n) : e[k].u.n;
	}
	mean = fmin(fmax(mean, log(UPLIFT_LEAST)), log(UPLIFT_MOST));
	return of_log(mean, sqrt(var), least);
}

static struct uplift larger(struct uplift a, struct uplift b)
{
	return b.high > a.high ? b : a;
}

/* The product changes where an event begins or ends only. */
struct uplift uplift_within(const struct uplift_event *e, size_t n, int64_t from_ms,
			    int64_t to_ms)
{
	struct uplift top = at(e, n, from_ms);

	for (size_t k = 0; k < n; k++) {
		const struct uplift_span *s = &e[k].span;

		if (s->start_ms > from_ms && s->start_ms < to_ms)
			top = larger(top, at(e, n, s->start_ms));
		if (s->end_ms > from_ms && s->end_ms < to_ms)
			top = larger(top, at(e, n, s->end_ms));
	}
	return top;
}

double uplift_quantile(const struct uplift *u, double median, double quantile,
		       double level)
{
	double a, b;

	if (u->log_sd <= 0 || !(level > 0 && level < 1))
		return fmax(quantile, 0) * u->mid;
	b = gsl_cdf_ugaussian_Pinv(level) * u->log_sd;
	if (!(median > 0 && quantile > 0))
		return fmax(quantile, 0) * u->mid * exp(fmax(b, 0));
	a = log(quantile / median);
	return median * u->mid * exp(copysign(hypot(a, b), b));
}

void uplift_forecast(const struct uplift_event *e, size_t n, int64_t t0_ms,
		     int64_t step_ms, const double *levels, size_t n_levels, double *mean,
		     double *q, size_t h)
{
	CLEANUP(free) double *factor = xcalloc(h + 1, sizeof(*factor));

	uplift_factors(e, n, t0_ms, step_ms, factor, h);
	for (size_t j = 0; j < h; j++) {
		const int64_t t = t0_ms + (int64_t)j * step_ms;
		struct uplift u = uplift_within(e, n, t, t + step_ms);

		/* A step that is covered in part has so much of the effect. */
		u.mid = factor[j];
		for (size_t k = 0; k < n_levels; k++)
			q[k * h + j] =
				uplift_quantile(&u, mean[j], q[k * h + j], levels[k]);
		mean[j] *= u.mid;
	}
}
