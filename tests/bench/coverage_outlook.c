/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_outlook - how often simulated demand stayed within the outlook's 95 % band, an
 * hour, 6 hours, a day and 3 days ahead, by kind of series.
 */
#include "coverage_row.h"

#include "check.h"
#include "horizon.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#define RUNS 150
#define STEP_MS INT64_C(900000)
#define HOUR 4
#define DAY (24 * HOUR)
#define PAST (28 * DAY)
#define AHEAD (3 * DAY)

static const double levels[] = { 0.025, 0.975 };
static const struct {
	const char *name;
	double stated[4];                /* at each of hours, by forecast.h */
	double step, hours, days, drift; /* standard deviations of the logarithm; drift:
					    of a day's step of a random walk */
} kinds[] = {
	{ "noise of minutes", { 0.94, 0.94, 0.95, 0.97 }, 0.1, 0, 0, 0 },
	{ "noise of hours", { 0.94, 0.91, 0.92, 0.96 }, 0.05, 0.15, 0, 0 },
	{ "days that differ", { 0.95, 0.95, 0.92, 0.94 }, 0.05, 0.05, 0.15, 0 },
	{ "a level that wanders", { 0.95, 0.92, 0.93, 0.93 }, 0.05, 0.05, 0, 0.1 },
};

static void draw(gsl_rng *r, size_t k, double *y)
{
	const double phase = 2 * M_PI * gsl_rng_uniform(r);
	const size_t change = gsl_rng_uniform_int(r, DAY);
	double slow = 0, day = 0, level = 0;

	for (size_t i = 0; i < PAST + AHEAD; i++) {
		const double at = 2 * M_PI * (double)i / DAY + phase;

		if (i % DAY == change)
			day = gsl_ran_gaussian(r, kinds[k].days);
		level += gsl_ran_gaussian(r, kinds[k].drift / sqrt(DAY));
		slow = 0.95 * slow +
		       gsl_ran_gaussian(r, kinds[k].hours * sqrt(1 - 0.95 * 0.95));
		y[i] = 100 * exp(0.6 * sin(at) + 0.2 * sin(at / 7) + level + day + slow +
				 gsl_ran_gaussian(r, kinds[k].step));
	}
}

static void play(gsl_rng *r, size_t k)
{
	static const size_t hours[] = { 1, 6, 24, 72 };
	static double y[PAST + AHEAD];
	struct coverage_row row[ARRAY_SIZE(hours)] = { 0 };
	char name[100];

	for (int run = 0; run < RUNS; run++) {
		const struct uplift_series s = { .y = y, .n = PAST, .step_ms = STEP_MS };
		CLEANUP(outlook_done) struct outlook o = { 0 };
		struct err err;

		draw(r, k, y);
		if (outlook_make(&s, AHEAD, levels, ARRAY_SIZE(levels), &o, &err) < 0) {
			fprintf(stderr, "coverage_outlook: %s\n", err.msg);
			exit(1);
		}
		for (size_t i = 0; i < ARRAY_SIZE(hours); i++)
			for (size_t j = hours[i] * HOUR / 2; j < hours[i] * HOUR; j++)
				coverage_row_note(&row[i],
						  y[PAST + j] >= o.f->q[j] &&
							  y[PAST + j] <=
								  o.f->q[AHEAD + j]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hours); i++) {
		snprintf(name, sizeof(name), "outlook, 95 %% band, %zu h ahead, %s",
			 hours[i], kinds[k].name);
		coverage_row_print(name, kinds[k].stated[i], &row[i]);
	}
}

int main(void)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		play(r, k);
	gsl_rng_free(r);
	return 0;
}
