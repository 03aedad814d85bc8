/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_predictor - what a decision, a forecast and a tick of 10,000 tiers take.
 *
 * Usage: bench_predictor FOLDER
 *
 * Writes the 960 values of the forecast to FOLDER/series.txt, for the peer. Prints one
 * "name value unit" a line.
 */
#include "check.h"
#include "demand.h"
#include "horizon.h"
#include "policy.h"
#include "rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_MS 60000
#define WEEK (7 * 1440)
#define STEPS 20000
#define TIERS 10000
#define KINDS 16 /* different models that the tiers are copies of */
#define FORECASTS 200
#define HOURS 960

static struct err err;

static void must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "bench_predictor: %s\n", err.msg);
		exit(1);
	}
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double uniform(void)
{
	static uint64_t s = 88172645463325252u;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (double)(s >> 11) / 9007199254740992.0;
}

/* Requests a second at minute i: a day, a week, noise and a burst now and then. */
static double demand(long i, int kind)
{
	double day = 6.2832 * ((double)i / 1440 + kind / 7.0);
	double v = 500 + 300 * sin(day) + 60 * sin(2 * day) + 40 * sin(day / 7);

	return v * (0.95 + 0.1 * uniform()) * (uniform() < 0.001 ? 2 : 1);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_two(const char *name, const char *unit, double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	printf("%s_%s %.4f\n%s_p95_%s %.4f\n", name, unit, v[n / 2], name, unit,
	       v[n * 95 / 100]);
}

/* A tier: what is forecast, what is decided, and with what settings. */
struct tier {
	struct demand_model *m;
	struct policy p;
	struct decide_state state;
	struct decide_plan plan;
};

static const struct policy_settings settings = {
	.risk = 0.005,
	.capacity = 20,
	.lead_ms = 3 * MINUTE_MS,
	.mode = DECIDE_AUTO,
	.min = 1,
	.max = -1,
	.dwell_ms = POLICY_DWELL_MS,
	.action_price = POLICY_ACTION_PRICE,
};

static struct tier train(int kind)
{
	const struct demand_opts o = policy_model_opts(MINUTE_MS, settings.lead_ms);
	static double y[WEEK];
	struct tier t = { .plan.desired = 25 };

	for (long i = 0; i < WEEK; i++)
		y[i] = demand(i, kind);
	must(demand_model_new(&o, &t.m, &err));
	policy_init(&t.p, &o, &settings);
	must(policy_train(&t.p, &settings, t.m,
			  &(struct policy_past){ .y = y, .n = WEEK }, &err));
	return t;
}

/* As a tick does it each minute: model, both lead times; policy; decision, with its
 * sentence. */
static size_t step(struct tier *t, long i, double y)
{
	const int64_t end_ms = (int64_t)(i + 1) * MINUTE_MS;
	struct decide_input in;

	policy_observe(&t->p, &settings, NULL, y, t->plan.desired, false);
	must(demand_model_update(t->m, end_ms - MINUTE_MS, y, &err));
	policy_input(&t->p, &settings, end_ms, y, t->plan.desired, 0, &in);
	policy_fill(&t->p, &settings, t->m, NULL, &in, NULL);
	decide(&in, &t->state, &t->plan);
	return (size_t)t->plan.desired;
}

static void bench_step(void)
{
	struct tier t = train(0);
	static double took[STEPS];
	size_t sum = 0;

	for (long i = 0; i < STEPS; i++) {
		double y = demand(WEEK + i, 0), start = seconds();

		sum += step(&t, WEEK + i, y);
		took[i] = (seconds() - start) * 1e6;
	}
	CHECK(sum > 0);
	print_two("step", "us", took, STEPS);
	demand_model_free(t.m);
}

static struct tier copy(const struct tier *t, const void *data, size_t len)
{
	struct tier c = *t;

	must(demand_model_load(data, len, &c.m, &err));
	return c;
}

/* Each tier a model of its own in memory, as the controller keeps it, all fed the next
 * minute: cold caches. The worst of the rounds is that in which all of them solve their
 * regressions. */
static void bench_tiers(void)
{
	struct tier *t = xcalloc(TIERS, sizeof(*t));
	double start, worst = 0;
	size_t sum = 0;

	for (int k = 0; k < KINDS; k++) {
		struct tier of = train(k);
		const size_t len = demand_model_size(of.m);
		CLEANUP(free) void *data = xmalloc(len);

		demand_model_save(of.m, data);
		for (int i = k; i < TIERS; i += KINDS)
			t[i] = copy(&of, data, len);
		if (k == 0)
			printf("state_kb %.2f\n",
			       (double)(sizeof(struct policy) + len) / 1024);
		demand_model_free(of.m);
	}
	for (int round = 0; round < 12; round++) {
		start = seconds();
		for (int i = 0; i < TIERS; i++)
			sum += step(&t[i], WEEK + round, 500 + i % 100);
		worst = fmax(worst, seconds() - start);
	}
	CHECK(sum > 0);
	printf("tiers_s %.4f\n", worst);
	for (int i = 0; i < TIERS; i++)
		demand_model_free(t[i].m);
	free(t);
}

static void write_series(const char *folder, const double *y)
{
	CLEANUP(free) char *path = xasprintf("%s/series.txt", folder);
	FILE *f = fopen(path, "w");

	CHECK(f);
	for (int i = 0; i < HOURS; i++)
		fprintf(f, "%.6f\n", y[i]);
	fclose(f);
}

static void bench_forecast(const char *folder)
{
	static const double levels[] = { 0.025, 0.1, 0.5, 0.9, 0.975 };
	const struct horizon_opts o = {
		.h = 48, .seasons = { 24, 168 }, .levels = levels, .n_levels = 5
	};
	static double y[HOURS], took[FORECASTS];

	for (int i = 0; i < HOURS; i++)
		y[i] = demand(60L * i, 0);
	write_series(folder, y);
	for (int i = 0; i < FORECASTS; i++) {
		CLEANUP(horizon_free) struct horizon *f = NULL;
		double start = seconds();

		must(horizon_forecast(y, HOURS, &o, &f, &err));
		took[i] = (seconds() - start) * 1e3;
	}
	print_two("forecast", "ms", took, FORECASTS);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: bench_predictor FOLDER\n");
		return 2;
	}
	bench_step();
	bench_forecast(argv[1]);
	bench_tiers();
	return 0;
}
