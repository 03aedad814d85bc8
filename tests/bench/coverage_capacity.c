/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_capacity - how often a learned capacity is what predictor/capacity/capacity.h
 * says that it is, by simulation.
 *
 * Usage: coverage_capacity [TIERS [NAME]]
 *
 * Each row is one setting; what is no share, such as a delay, goes to stderr. It is
 * played for TIERS (400) independent tiers (NAME: those whose name has it): its name,
 * what is stated, what was achieved, and of how many, separated by tabs. Utilisation is
 * (idle + demand work) (1 + noise), latency work / (1 - demand work) e^noise; noise is
 * normal, independent or AR(1) with 0.9 from minute to minute. Demand is a sine of a day
 * from 5 % to 60 % of what fills an instance, 3 % noisy, which begins at any time of the
 * day.
 */
#include "capacity.h"
#include "check.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 1440
#define HOUR 60
#define FIRST INT64_C(28333440) /* a midnight */
#define FIRST_FIT 30            /* minutes, on the first day */
#define TARGET 0.7
#define FULL 20.0
#define SERVICE_S 0.05

enum source { UTILISATION, LATENCY, QUEUE };

struct setting {
	const char *name;
	enum source source;
	double noise, ar; /* standard deviation; from one minute to the next */
	double day;       /* how much work per request varies over the day, either way */
	double lag;       /* share of a day from the highest demand to the dearest work */
	double low, high; /* demand, of what fills an instance */
	int minutes;      /* that are learned from */
};

struct tier {
	const struct setting *s;
	struct capacity *c;
	gsl_rng *rng;
	struct err err;
	int64_t minute, phase;
	double error, work; /* of the noise; per request, 1 as long as nothing changes */
	double now_s, free_s;
	size_t alarms;
};

DEFINE_CLEANUP(gsl_rng *, gsl_rng_free);

static void tier_done(struct tier *t)
{
	capacity_free(t->c);
	gsl_rng_free(t->rng);
}
DEFINE_CLEANUP_OBJECT(struct tier, tier_done);

static void must(int rc, const struct err *err)
{
	if (rc < 0) {
		fprintf(stderr, "coverage_capacity: %s\n", err->msg);
		exit(1);
	}
}

static void tier_start(struct tier *t, const struct setting *s, unsigned long seed)
{
	*t = (struct tier){ .s = s, .work = 1 };
	t->rng = gsl_rng_alloc(gsl_rng_mt19937);
	CHECK(t->rng);
	gsl_rng_set(t->rng, seed);
	t->phase = (int64_t)gsl_rng_uniform_int(t->rng, DAY);
	t->minute = FIRST + t->phase;
	t->error = gsl_ran_gaussian(t->rng, s->noise);
	must(capacity_new(TARGET, &t->c, &t->err), &t->err);
}

static double idle_of(const struct setting *s)
{
	return s->source == UTILISATION ? 0.05 : 0;
}

static double of_day(const struct tier *t, double lag)
{
	return cos(2 * M_PI * ((double)(t->minute % DAY) / DAY - 0.5 - lag));
}

/* Of a request, as many times as much as on average. */
static double work_now(const struct tier *t)
{
	return t->work * (1 + t->s->day * of_day(t, t->s->lag));
}

/* At the dearest time of the day. */
static double least_capacity(const struct tier *t)
{
	const double idle = idle_of(t->s);

	return (TARGET - idle) / (1 - idle) * FULL / (t->work * (1 + t->s->day));
}

static double demand_now(const struct tier *t)
{
	const double mean = (t->s->low + t->s->high) / 2;
	const double swing = (t->s->high - t->s->low) / 2;

	return FULL * (mean + swing * of_day(t, 0)) *
	       (1 + gsl_ran_gaussian(t->rng, 0.03));
}

/* A single server, first come first served: the mean time is processor sharing's. */
static double queue_minute(struct tier *t, double arrivals, double service_s)
{
	const double end_s = (double)(t->minute - FIRST + 1) * 60;
	double sum = 0, n = 0;

	t->now_s = fmax(t->now_s, end_s - 60);
	for (; t->now_s < end_s; t->now_s += gsl_ran_exponential(t->rng, 1 / arrivals)) {
		t->free_s = fmax(t->now_s, t->free_s) +
			    gsl_ran_exponential(t->rng, service_s);
		sum += t->free_s - t->now_s;
		n++;
	}
	return n > 0 ? sum / n : NAN;
}

static bool see(struct tier *t, double demand)
{
	const struct setting *s = t->s;
	const double idle = idle_of(s), busy = demand / FULL * work_now(t);
	struct capacity_seen seen = { t->minute++, demand, NAN, NAN, 3 };
	struct capacity_change change;
	bool is_changed = false;

	t->error = s->ar * t->error +
		   gsl_ran_gaussian(t->rng, s->noise * sqrt(1 - s->ar * s->ar));
	if (s->source == UTILISATION)
		seen.utilisation =
			fmin(fmax((idle + (1 - idle) * busy) * (1 + t->error), 0), 1);
	else if (s->source == LATENCY)
		seen.latency_s =
			SERVICE_S * work_now(t) / fmax(1 - busy, 0.02) * exp(t->error);
	else
		seen.latency_s = queue_minute(t, demand, work_now(t) / FULL);
	if (isnan(seen.utilisation) && isnan(seen.latency_s))
		return false;
	must(capacity_see(t->c, &seen, &is_changed, &change, &t->err), &t->err);
	t->alarms += is_changed;
	return is_changed;
}

static void learn(struct tier *t, int minutes, int fit_every)
{
	for (int i = 1; i <= minutes; i++) {
		(void)see(t, demand_now(t));
		if (i % (i < DAY ? FIRST_FIT : fit_every) == 0)
			capacity_fit(t->c, 3);
	}
	capacity_fit(t->c, 3);
}

/* ---------------------------------------------------------------- intervals */

/* A share that is stated. */
static void row(const char *name, const char *what, double stated, double achieved,
		size_t n)
{
	printf("%s: %s\t%.4g\t%.4g\t%zu\n", name, what, stated, achieved, n);
	fflush(stdout);
}

/* Another figure of the header. */
static void note(const char *name, const char *what, double seen, size_t n)
{
	fprintf(stderr, "%s: %s %.4g (of %zu)\n", name, what, seen, n);
}

static double share(size_t part, size_t of)
{
	return of ? (double)part / (double)of : NAN;
}

static void print_interval(const struct setting *s, size_t tiers)
{
	size_t known = 0, held = 0, over = 0, alarms = 0;
	double width = 0;

	for (size_t i = 0; i < tiers; i++) {
		CLEANUP(tier_done) struct tier t;
		const struct capacity_known *k;
		double truth;

		tier_start(&t, s, 1000 + i);
		learn(&t, s->minutes, 4 * HOUR);
		truth = least_capacity(&t);
		k = capacity_known(t.c);
		alarms += t.alarms;
		if (k->model == CAPACITY_NOT_KNOWN)
			continue;
		known++;
		held += k->low <= truth && truth <= k->high;
		over += k->low > truth;
		width += (k->high - k->low) / 2 / truth;
	}
	note(s->name, "known", share(known, tiers), tiers);
	row(s->name, "interval holds", 0.95, share(held, known), known);
	row(s->name, "low end too high", 0.025, share(over, known), known);
	note(s->name, "half the width", known ? width / (double)known : NAN, known);
	if (alarms)
		note(s->name, "false alarms", (double)alarms, tiers);
}

/* ---------------------------------------------------------------- changes */

#define LEARNED (2 * DAY)
#define WATCHED (4 * HOUR) /* no longer is waited for a change */
#define ALARM_TIERS 20
#define ALARM_DAYS 100
#define ALARM_FIT (6 * HOUR)

static int by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Minutes until it is noticed that requests are twice the work, at that load. */
static int delay_of(const struct setting *s, double load, unsigned long seed)
{
	CLEANUP(tier_done) struct tier t;

	tier_start(&t, s, seed);
	learn(&t, LEARNED, 4 * HOUR);
	t.work = 2;
	for (int i = 1; i <= WATCHED; i++)
		if (see(&t, load * FULL * (1 + gsl_ran_gaussian(t.rng, 0.03))))
			return i;
	return WATCHED;
}

static void print_delay(const struct setting *s, double load, size_t tiers)
{
	CLEANUP(free) int *v = xcalloc(tiers, sizeof(*v));
	CLEANUP(free)
	char *name = xasprintf("%s, halved at a load of %.0f %%", s->name, 100 * load);

	for (size_t i = 0; i < tiers; i++)
		v[i] = delay_of(s, load, 5000 + i);
	qsort(v, tiers, sizeof(*v), by_value);
	note(name, "minutes, median", v[tiers / 2], tiers);
	note(name, "minutes, 95 %", v[tiers * 95 / 100], tiers);
}

static void print_alarms(const struct setting *s)
{
	double alarms = 0;

	for (size_t i = 0; i < ALARM_TIERS; i++) {
		CLEANUP(tier_done) struct tier t;

		tier_start(&t, s, 9000 + i);
		learn(&t, ALARM_DAYS * DAY, ALARM_FIT);
		alarms += (double)t.alarms;
	}
	row(s->name, "false alarms a day", 0.01, alarms / (ALARM_TIERS * ALARM_DAYS),
	    ALARM_TIERS * (size_t)ALARM_DAYS);
}

static const double loads[] = { 0.1, 0.2, 0.4, 0.6 };

static const struct setting changes[] = {
	{ "utilisation 2 %", UTILISATION, .02, 0, 0, 0, .05, .6, 0 },
	{ "utilisation 5 %", UTILISATION, .05, 0, 0, 0, .05, .6, 0 },
	{ "utilisation 10 %", UTILISATION, .10, 0, 0, 0, .05, .6, 0 },
	{ "utilisation 5 % AR", UTILISATION, .05, .9, 0, 0, .05, .6, 0 },
	{ "utilisation 10 % AR", UTILISATION, .10, .9, 0, 0, .05, .6, 0 },
	{ "utilisation 5 % AR, work 10 %", UTILISATION, .05, .9, .1, .25, .05, .6, 0 },
	{ "latency 10 %", LATENCY, .1, 0, 0, 0, .05, .6, 0 },
	{ "latency 10 % AR", LATENCY, .1, .9, 0, 0, .05, .6, 0 },
	{ "latency of a queue", QUEUE, 0, 0, 0, 0, .05, .6, 0 },
};

static const struct setting settings[] = {
	{ "utilisation 5 %, 1 day", UTILISATION, .05, 0, 0, 0, .05, .6, DAY },
	{ "utilisation 2 %, 1 day", UTILISATION, .02, 0, 0, 0, .05, .6, DAY },
	{ "utilisation 10 %, 1 day", UTILISATION, .10, 0, 0, 0, .05, .6, DAY },
	{ "utilisation 5 %, 4 h", UTILISATION, .05, 0, 0, 0, .05, .6, 4 * HOUR },
	{ "utilisation 5 %, 7 days", UTILISATION, .05, 0, 0, 0, .05, .6, 7 * DAY },
	{ "utilisation 5 % AR, 4 h", UTILISATION, .05, .9, 0, 0, .05, .6, 4 * HOUR },
	{ "utilisation 5 % AR, 1 day", UTILISATION, .05, .9, 0, 0, .05, .6, DAY },
	{ "utilisation 10 % AR, 1 day", UTILISATION, .10, .9, 0, 0, .05, .6, DAY },
	{ "utilisation 5 % AR, 7 days", UTILISATION, .05, .9, 0, 0, .05, .6, 7 * DAY },
	{ "utilisation 5 %, scaled, 1 day", UTILISATION, .05, 0, 0, 0, .35, .65, DAY },
	{ "utilisation 5 % AR, scaled, 1 day", UTILISATION, .05, .9, 0, 0, .35, .65,
	  DAY },
	{ "utilisation 2 %, work 5 %, 1 day", UTILISATION, .02, 0, .05, 0, .05, .6, DAY },
	{ "utilisation 5 %, work 5 %, 1 day", UTILISATION, .05, 0, .05, 0, .05, .6, DAY },
	{ "utilisation 5 %, work 10 %, 1 day", UTILISATION, .05, 0, .1, 0, .05, .6, DAY },
	{ "utilisation 5 %, work 10 %, 7 days", UTILISATION, .05, 0, .1, 0, .05, .6,
	  7 * DAY },
	{ "utilisation 5 %, work 10 % at night, 7 days", UTILISATION, .05, 0, .1, .5, .05,
	  .6, 7 * DAY },
	{ "utilisation 5 %, work 10 % in the evening, 7 days", UTILISATION, .05, 0, .1,
	  .25, .05, .6, 7 * DAY },
	{ "utilisation 5 % AR, work 10 %, 7 days", UTILISATION, .05, .9, .1, .25, .05, .6,
	  7 * DAY },
	{ "latency 10 %, 1 day", LATENCY, .1, 0, 0, 0, .05, .6, DAY },
	{ "latency 10 % AR, 1 day", LATENCY, .1, .9, 0, 0, .05, .6, DAY },
	{ "latency 10 % AR, 7 days", LATENCY, .1, .9, 0, 0, .05, .6, 7 * DAY },
	{ "latency 10 %, work 5 %, 1 day", LATENCY, .1, 0, .05, 0, .05, .6, DAY },
	{ "latency 10 %, work 10 %, 7 days", LATENCY, .1, 0, .1, 0, .05, .6, 7 * DAY },
	{ "latency 10 %, work 10 % in the evening, 7 days", LATENCY, .1, 0, .1, .25, .05,
	  .6, 7 * DAY },
	{ "latency of a queue, 1 day", QUEUE, 0, 0, 0, 0, .05, .6, DAY },
	{ "latency of a queue, 75 % full, 1 day", QUEUE, 0, 0, 0, 0, .1, .75, DAY },
};

int main(int argc, char **argv)
{
	const size_t tiers = argc > 1 ? strtoul(argv[1], NULL, 10) : 400;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (argc < 3 || strstr(settings[i].name, argv[2]))
			print_interval(&settings[i],
				       settings[i].source == QUEUE ? tiers / 4 : tiers);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (argc >= 3 && !strstr(changes[i].name, argv[2]))
			continue;
		print_alarms(&changes[i]);
		for (size_t k = 0; k < ARRAY_SIZE(loads); k++)
			print_delay(&changes[i], loads[k], tiers / 4);
	}
	return 0;
}
