/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_demand [FILE ...] - how often the largest demand within the lead time stayed
 * within the decision model's bands, on recorded demand; without a file on simulated one.
 *
 * FILE has a value a line, of a minute each; nan is a missing one. The model learns the
 * first half and is followed over the second, as `foretide backtest` does.
 */
#include "coverage_row.h"

#include "check.h"
#include "judge.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS INT64_C(60000)
#define LEAD_MS (3 * STEP_MS)
#define DAY 1440
#define DAYS 28

static void judge(const char *name, const double *y, size_t n)
{
	const struct judge_question q = {
		.y = y,
		.n = n,
		.step_ms = STEP_MS,
		.settings = { .risk = 0.005,
			      .capacity = 1,
			      .lead_ms = LEAD_MS,
			      .mode = DECIDE_AUTO,
			      .max = -1,
			      .dwell_ms = POLICY_DWELL_MS,
			      .action_price = POLICY_ACTION_PRICE },
	};
	CLEANUP(judge_report_free) struct judge_report *r = NULL;
	struct err err;

	if (judge_backtest(&q, &r, &err) < 0) {
		fprintf(stderr, "coverage_demand: %s: %s\n", name, err.msg);
		exit(1);
	}
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		printf("decision model, band of %g, %s\t%g\t%.4f\t%zu\n", demand_bands[k],
		       name, demand_bands[k], r->lead[r->own].coverage[k], r->n);
}

/* A day's and a week's wave, noise of minutes and of hours, by how many there are. */
static void simulate(gsl_rng *r, const char *name, double level, double hours)
{
	static double y[DAYS * DAY];
	double slow = 0;

	for (size_t i = 0; i < ARRAY_SIZE(y); i++) {
		const double day = 2 * M_PI * (double)i / DAY;
		const double wave =
			1 - 0.5 * cos(day) + 0.1 * cos(2 * day) - 0.15 * cos(day / 7);

		slow = 0.995 * slow +
		       gsl_ran_gaussian(r, hours * sqrt(1 - 0.995 * 0.995));
		y[i] = gsl_ran_poisson(r, 60 * level * fmax(wave, 0.05) * exp(slow)) /
		       60.;
	}
	judge(name, y, ARRAY_SIZE(y));
}

static int judge_file(const char *path)
{
	const char *base = strrchr(path, '/');
	CLEANUP(free) double *y = NULL;
	FILE *f = fopen(path, "r");
	size_t n = 0;
	double x;

	if (!f) {
		perror(path);
		return 1;
	}
	while (fscanf(f, "%lf", &x) == 1) {
		if ((n & (n + 1)) == 0)
			y = xrealloc(y, (2 * n + 2) * sizeof(*y));
		y[n++] = x;
	}
	fclose(f);
	judge(base ? base + 1 : path, y, n);
	return 0;
}

int main(int argc, char **argv)
{
	gsl_rng *r;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			if (judge_file(argv[i]))
				return 1;
		return 0;
	}
	r = gsl_rng_alloc(gsl_rng_mt19937);
	simulate(r, "simulated, few requests", 0.5, 0);
	simulate(r, "simulated, many requests", 50, 0);
	simulate(r, "simulated, noise of hours", 50, 0.2);
	gsl_rng_free(r);
	return 0;
}
