/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_predictor - what a decision and a forecast cost.
 *
 * Usage: bench_predictor [TIERS]
 *
 * Trains one model on two weeks of minutes, copies it TIERS times (2000) and lets all of
 * them take a minute and decide, ten times over; then forecasts 48 steps with 11
 * quantiles from 960 hourly values. CPU time; prints one "name value unit" a line.
 */
#include "check.h"
#include "demand.h"
#include "horizon.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MINUTE_MS INT64_C(60000)
enum { DAY = 1440, HISTORY = 14 * DAY, ROUNDS = 10, FORECASTS = 50 };

static struct err err;

static void must(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_predictor: %s\n", err.msg);
	exit(1);
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Days with noise, weekends half as high. */
static double demand_at(size_t i, size_t day)
{
	static unsigned seed = 1;
	const double daily = 100 + 60 * sin(2 * M_PI * (double)i / (double)day);

	seed = seed * 1664525u + 1013904223u;
	return daily * (i / day % 7 >= 5 ? 0.5 : 1) * (1 + (double)(seed >> 16) / 655360);
}

static struct demand_model *train(void)
{
	const struct demand_opts o = {
		.step_ms = MINUTE_MS, .lead_steps = 3, .risk = 0.005, .capacity = 5
	};
	struct demand_model *m = NULL;
	double *y = xcalloc(HISTORY, sizeof(*y));
	double from;

	for (size_t i = 0; i < HISTORY; i++)
		y[i] = demand_at(i, DAY);
	must(demand_model_new(&o, &m, &err));
	from = cpu_s();
	must(demand_model_train(m, y, HISTORY, 0, &err));
	printf("train_two_weeks_of_minutes %.1f ms\n", 1e3 * (cpu_s() - from));
	printf("state_bytes_per_tier %zu B\n", demand_model_size(m));
	free(y);
	return m;
}

static void decide(const struct demand_model *trained, size_t tiers)
{
	struct demand_model **m = xcalloc(tiers, sizeof(struct demand_model *));
	void *bytes = xmalloc(demand_model_size(trained));
	struct demand_decision d;
	size_t wanted = 0;
	double from;

	demand_model_save(trained, bytes);
	for (size_t k = 0; k < tiers; k++)
		must(demand_model_load(bytes, demand_model_size(trained), &m[k], &err));
	from = cpu_s();
	for (size_t i = HISTORY; i < HISTORY + ROUNDS; i++)
		for (size_t k = 0; k < tiers; k++) {
			must(demand_model_update(m[k], (int64_t)i * MINUTE_MS,
						 demand_at(i, DAY), &err));
			demand_model_decide(m[k], &d);
			wanted += d.instances;
		}
	CHECK(wanted >= tiers * ROUNDS);

	const double step_s = (cpu_s() - from) / (double)(tiers * ROUNDS);

	printf("decision_step %.2f us\n", 1e6 * step_s);
	printf("tick_of_10000_tiers %.3f s\n", 1e4 * step_s);
	for (size_t k = 0; k < tiers; k++)
		demand_model_free(m[k]);
	free(m);
	free(bytes);
}

static void forecast(void)
{
	static const double levels[] = { 0.01, 0.025, 0.05, 0.1,   0.25, 0.5,
					 0.75, 0.9,   0.95, 0.975, 0.99 };
	const struct horizon_opts o = { .h = 48,
					.seasons = { 24, 168 },
					.levels = levels,
					.n_levels = ARRAY_SIZE(levels) };
	double y[960], from;

	for (size_t i = 0; i < 960; i++)
		y[i] = demand_at(i, 24);
	from = cpu_s();
	for (int k = 0; k < FORECASTS; k++) {
		struct horizon *f = NULL;

		must(horizon_forecast(y, 960, &o, &f, &err));
		horizon_free(f);
	}
	printf("forecast_48_from_960 %.2f ms\n", 1e3 * (cpu_s() - from) / FORECASTS);
}

int main(int argc, char **argv)
{
	struct demand_model *m;

	gsl_set_error_handler_off();
	m = train();
	decide(m, argc > 1 ? strtoul(argv[1], NULL, 10) : 2000);
	demand_model_free(m);
	forecast();
	return 0;
}
