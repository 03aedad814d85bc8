/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.c - the effect of events on demand and on forecasts.
 */
#include "check.h"
#include "cleanup.h"
#include "steps.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <math.h>

/* Of events together: however many overlap, demand can be divided by it. */
static double bounded(double u)
{
	return fmin(fmax(u, UPLIFT_LEAST), UPLIFT_MOST);
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

#define INTERVAL 1.6449 /* 90 % of a normal distribution */

/* The uplift whose logarithm has that mean and standard deviation. */
static struct uplift of_log(double mean, double sd, size_t n)
{
	return (struct uplift){ .mid = exp(mean),
				.low = exp(mean - INTERVAL * sd),
				.high = exp(mean + INTERVAL * sd),
				.log_sd = sd,
				.n = n };
}

/* The product in force at a time. */
static struct uplift at(const struct uplift_event *e, size_t n, int64_t t_ms)
{
	const struct uplift_event *alone = NULL;
	double mean = 0, var = 0;
	size_t least = 0, in_force = 0;

	for (size_t k = 0; k < n; k++) {
		if (t_ms < e[k].span.start_ms || t_ms >= e[k].span.end_ms)
			continue;
		alone = &e[k];
		in_force++;
		mean += log(e[k].u.mid);
		var += gsl_pow_2(e[k].u.log_sd);
		if (e[k].u.n)
			least = least ? MIN(least, e[k].u.n) : e[k].u.n;
	}
	if (in_force == 1)
		return alone->u;
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
