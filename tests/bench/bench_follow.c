/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_follow - a tier behind another one, with and without what the one in front says:
 * the loss of its forecast, and what the whole rule makes of it.
 *
 * Usage: bench_follow STEP_S LEAD_S FRONT BACK
 *
 * FRONT and BACK: files of a demand per step, a number a line, "nan" for none. The
 * capacity is a twentieth of the 95 % quantile of the back's. The model learns two thirds
 * of it, with the follower; the rest is played twice, with the own forecast and with the
 * follower's where it is used. Prints one "name value unit" a line.
 */
#include "check.h"
#include "demand.h"
#include "policy.h"
#include "rule.h"
#include "simulation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONDAY_MS INT64_C(1767571200000) /* 2026-01-05T00:00:00Z */
#define MOST (60 * 1440)

static struct err err;
static int64_t step_ms;

static void must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "bench_follow: %s\n", err.msg);
		exit(1);
	}
}

static double *read_series(const char *path, size_t *ret_n)
{
	double *y = xcalloc(MOST, sizeof(*y));
	FILE *f = fopen(path, "r");
	char line[64];

	if (!f) {
		fprintf(stderr, "bench_follow: cannot read %s\n", path);
		exit(1);
	}
	for (*ret_n = 0; *ret_n < MOST && fgets(line, sizeof(line), f); ++*ret_n)
		y[*ret_n] = strtod(line, NULL);
	fclose(f);
	return y;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double top_of(const double *y, size_t n)
{
	double *sorted = xcalloc(n + 1, sizeof(*sorted)), top;
	size_t known = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]))
			sorted[known++] = y[i];
	qsort(sorted, known, sizeof(*sorted), ascending);
	top = known ? sorted[known * 95 / 100] : 0;
	free(sorted);
	return top;
}

struct outcome {
	struct fleet_run run;
	struct demand_follow_state state;
	double used; /* share of the steps */
};

static void step(struct demand_model *m, struct demand_follow *f, size_t i, double y,
		 double front)
{
	const int64_t at_ms = MONDAY_MS + (int64_t)i * step_ms;

	if (isnan(y))
		demand_model_skip(m, at_ms);
	else
		must(demand_model_update(m, at_ms, y, &err));
	demand_follow_step(f, m, front);
}

/* The forecasts that are decided on. */
static bool views_of(const struct demand_model *m, const struct demand_follow *f,
		     bool follows, struct demand_view views[POLICY_LEADS])
{
	bool is_used = false;

	for (size_t k = 0; k < POLICY_LEADS; k++) {
		struct demand_view own;

		must(demand_model_view(m, k, &own, &err));
		views[k] = own;
		if (follows)
			is_used |= demand_follow_view(f, k, &own, &views[k]) &&
				   k == POLICY_NEAR;
	}
	return is_used;
}

static struct outcome play(const struct policy_settings *s, const double *front,
			   const double *y, size_t n, bool follows)
{
	const struct demand_opts o = policy_model_opts(step_ms, s->lead_ms);
	const size_t from = n * 2 / 3;
	struct demand_model *m = NULL;
	struct demand_follow *f = demand_follow_new(&o);
	const struct demand_front behind = { f, front };
	struct demand_point *points = xcalloc(POLICY_LEADS * from, sizeof(*points));
	struct policy p;
	struct decide_state state = { 0 };
	struct decide_plan plan = { 0 };
	struct fleet_sim *fleet;
	struct outcome ret = { 0 };

	must(demand_model_new(&o, &m, &err));
	policy_init(&p, &o, s);
	must(demand_model_train_behind(m, y, from, MONDAY_MS, points, &behind, 1, &err));
	policy_find_price(&p, s, m, points,
			  &(struct policy_past){ .y = y, .n = from, .t0_ms = MONDAY_MS });
	fleet = fleet_sim_new(&(struct fleet_terms){ .capacity = s->capacity,
						     .lead = o.lead_steps[POLICY_NEAR],
						     .paid.unit = 1 },
			      n - from,
			      fleet_need(fmax(demand_model_latest(m), 0), s->capacity));
	for (size_t i = from; i < n; i++) {
		struct demand_view views[POLICY_LEADS];
		struct decide_input in;
		struct fleet_now now;

		fleet_serve(fleet, isnan(y[i]) ? 0 : y[i], &now);
		if (isnan(y[i]))
			policy_miss(&p);
		else
			policy_observe(&p, s, NULL, y[i], (int64_t)now.running,
				       decide_is_bound(&plan));
		step(m, f, i, y[i], front[i]);
		ret.used += views_of(m, f, follows, views);
		policy_input(&p, s, MONDAY_MS + (int64_t)(i + 1) * step_ms, y[i],
			     (int64_t)now.running, (int64_t)now.booting, &in);
		policy_fill_from(&p, s, views, NULL, &in, NULL);
		decide_silently(&in, &state, &plan);
		fleet_want(fleet, (size_t)plan.desired);
	}
	ret.used /= (double)(n - from);
	demand_follow_state(f, POLICY_NEAR, &ret.state);
	fleet_result(fleet, &ret.run);
	fleet_sim_free(fleet);
	free(ret.run.running);
	free(points);
	demand_model_free(m);
	demand_follow_free(f);
	return ret;
}

int main(int argc, char **argv)
{
	size_t n = 0, n_front = 0;

	if (argc != 5)
		return 2;

	step_ms = strtol(argv[1], NULL, 10) * 1000;

	double *front = read_series(argv[3], &n_front), *y = read_series(argv[4], &n);

	n = MIN(n, n_front);
	const struct policy_settings s = {
		.risk = 0.005,
		.capacity = fmax(top_of(y, n) / 20, 1e-9),
		.lead_ms = strtol(argv[2], NULL, 10) * 1000,
		.mode = DECIDE_AUTO,
		.min = 1,
		.max = 10000,
		.dwell_ms = POLICY_DWELL_MS,
		.action_price = POLICY_ACTION_PRICE,
	};
	const struct outcome own = play(&s, front, y, n, false),
			     with = play(&s, front, y, n, true);

	printf("own_instances %.6f\nown_short %.6f\nown_unserved %.6f\nown_actions %zu\n",
	       own.run.instance_steps, own.run.short_share, own.run.unserved_share,
	       own.run.actions);
	printf("with_instances %.6f\nwith_short %.6f\nwith_unserved %.6f\nwith_actions "
	       "%zu\n",
	       with.run.instance_steps, with.run.short_share, with.run.unserved_share,
	       with.run.actions);
	printf("used %.4f\ngain %.4f\nevidence %.4g\nlag %zu\n", with.used,
	       with.state.gain, with.state.evidence, with.state.lag_steps);
	free(front);
	free(y);
	return 0;
}
