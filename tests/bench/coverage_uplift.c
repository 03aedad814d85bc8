/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_uplift - how often the next occurrence of an event lies in the 90 % interval
 * that is told after 1, 2 and 5 of them, by how much occurrences differ; and how often
 * the effect of one that is over lies within what its measure's error says.
 *
 * A series a quarter of an hour a step over 60 days, with a wave of the day and the week,
 * noise that hangs together within the hours and days that differ.
 */
#include "coverage_row.h"

#include "check.h"
#include "uplift.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#define RUNS 20000
#define MEASURES 3000 /* of each kind of noise; each is used again and again */
#define STEP_MS INT64_C(900000)
#define DAY 96
#define DAYS 60
#define N (DAYS * DAY)
#define MOST 5
#define MIDDLE 0.9 /* log u: two and a half times */
#define Z90 1.6449

struct noise {
	const char *name;
	double step, within, ar, day; /* standard deviations of the logarithm */
	double stated;                /* of a measure, by uplift.h */
};

static const struct noise noises[] = {
	{ "little noise", 0.03, 0, 0, 0.02, 0.96 },
	{ "noise of hours", 0.05, 0.08, 0.95, 0.05, 0.9 },
	{ "rough", 0.2, 0.15, 0.97, 0.1, 0.9 },
};

/* A past with one event in it, of the effect log_u. */
static void draw_series(gsl_rng *r, const struct noise *of,
			const struct uplift_span *event, double log_u, double *y)
{
	double slow = 0, day = 0;

	for (int i = 0; i < N; i++) {
		const int64_t t = i * STEP_MS;
		const double wave = 0.5 * sin(2 * M_PI * i / DAY) +
				    0.2 * sin(2 * M_PI * i / (7 * DAY));

		if (i % DAY == 0)
			day = gsl_ran_gaussian(r, of->day);
		slow = of->ar * slow +
		       gsl_ran_gaussian(r, of->within * sqrt(1 - of->ar * of->ar));
		y[i] = 100 * exp(wave + day + slow + gsl_ran_gaussian(r, of->step));
		if (t >= event->start_ms && t < event->end_ms)
			y[i] *= exp(log_u);
	}
}

static struct uplift_measure measure(gsl_rng *r, const struct noise *of, double log_u)
{
	static double y[N];
	const int at = 29 * DAY + (int)gsl_rng_uniform_int(r, DAY);
	const struct uplift_span event = {
		at * STEP_MS, (at + 4 + (int)gsl_rng_uniform_int(r, 20)) * STEP_MS
	};
	const struct uplift_series s = { .y = y, .n = N, .step_ms = STEP_MS };
	struct uplift_measure m;
	struct err err;

	draw_series(r, of, &event, log_u, y);
	if (uplift_measure(&s, &event, NULL, 0, &m, &err) < 0) {
		fprintf(stderr, "coverage_uplift: %s\n", err.msg);
		exit(1);
	}
	return m;
}

/* What measures are wrong by, and what they say that they may be. */
static void measure_all(gsl_rng *r, const struct noise *of, struct uplift_measure *off)
{
	struct coverage_row own = { 0 };
	char name[120];

	for (int i = 0; i < MEASURES; i++) {
		off[i] = measure(r, of, MIDDLE);
		off[i].log_ratio -= MIDDLE;
		coverage_row_note(&own, fabs(off[i].log_ratio) <= Z90 * off[i].error);
	}
	snprintf(name, sizeof(name), "uplift, measure of one that is over, %s", of->name);
	coverage_row_print(name, of->stated, &own);
}

static const size_t after[] = { 1, 2, 5 };

/* By how much occurrences differ, and what uplift.h states of that. */
static const struct differing {
	double by, stated[ARRAY_SIZE(after)];
} differing[] = {
	{ 0.2, { 0.99, 0.99, 0.95 } },
	{ 0.5, { 0.92, 0.9, 0.89 } },
	{ 0.8, { 0.75, 0.77, 0.83 } },
};

static void play(gsl_rng *r, const struct noise *of, const struct uplift_measure *off,
		 const struct differing *d)
{
	const double differ = d->by;
	struct coverage_row next[ARRAY_SIZE(after)] = { 0 };
	char name[120];

	for (int run = 0; run < RUNS; run++) {
		struct uplift_measure m[MOST];

		for (size_t i = 0; i < MOST; i++) {
			m[i] = off[gsl_rng_uniform_int(r, MEASURES)];
			m[i].log_ratio += MIDDLE + gsl_ran_gaussian(r, differ);
		}
		for (size_t k = 0; k < ARRAY_SIZE(after); k++) {
			const struct uplift u = uplift_learned(m, after[k]);
			const double x = exp(MIDDLE + gsl_ran_gaussian(r, differ));

			coverage_row_note(&next[k], x >= u.low && x <= u.high);
		}
	}
	for (size_t k = 0; k < ARRAY_SIZE(after); k++) {
		snprintf(name, sizeof(name),
			 "uplift, next after %zu that differ by %.0f %%, %s", after[k],
			 100 * differ, of->name);
		coverage_row_print(name, d->stated[k], &next[k]);
	}
}

int main(void)
{
	static struct uplift_measure off[MEASURES];
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	for (size_t i = 0; i < ARRAY_SIZE(noises); i++) {
		measure_all(r, &noises[i], off);
		for (size_t k = 0; k < ARRAY_SIZE(differing); k++)
			play(r, &noises[i], off, &differing[k]);
	}
	gsl_rng_free(r);
	return 0;
}
