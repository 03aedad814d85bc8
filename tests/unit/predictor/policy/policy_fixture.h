/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_fixture.h - made-up demand, and a tier that decides on it as the controller
 * does: a model, a policy, the rule and a fleet.
 */
#ifndef TESTS_UNIT_PREDICTOR_POLICY_POLICY_FIXTURE_H
#define TESTS_UNIT_PREDICTOR_POLICY_POLICY_FIXTURE_H

#include "check.h"
#include "demand.h"
#include "policy.h"
#include "rule.h"
#include "simulation.h"
#include "test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define MONDAY_MS 1767571200000 /* 2026-01-05T00:00:00Z */
#define TICK_MS INT64_C(10000)
enum { DAY = 1440, WEEK = 7 * DAY };

static inline __attribute__((unused)) gsl_rng *dice(unsigned long seed)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(r, seed);
	return r;
}

/* What is counted in `seconds` at that rate, per second. */
static inline __attribute__((unused)) double counted(gsl_rng *r, double rate,
						     double seconds)
{
	return gsl_ran_poisson(r, rate * seconds) / seconds;
}

/* Steps of step_ms that swing by half over the day, with noise of 10 % that lasts some
 * steps. */
static inline __attribute__((unused)) void make_days(double *y, size_t n, int64_t step_ms,
						     unsigned long seed)
{
	gsl_rng *r = dice(seed);
	double noise = 0;

	for (size_t i = 0; i < n; i++) {
		const double day = (double)i * (double)step_ms / 86400000.0;

		noise = 0.8 * noise + gsl_ran_gaussian(r, 0.06);
		y[i] = 500 * (1 + 0.5 * sin(2 * M_PI * day)) * fmax(1 + noise, 0.1);
	}
	gsl_rng_free(r);
}

static inline __attribute__((unused)) struct policy_settings plain_settings(void)
{
	return (struct policy_settings){
		.risk = 0.005,
		.capacity = 20,
		.lead_ms = 3 * MINUTE_MS,
		.mode = DECIDE_AUTO,
		.min = 1,
		.max = 1000,
		.dwell_ms = POLICY_DWELL_MS,
		.action_price = POLICY_ACTION_PRICE,
	};
}

struct tier {
	struct policy_settings s;
	struct demand_model *m;
	struct policy p;
	struct decide_state state;
	struct decide_plan plan;
	struct fleet_sim *fleet;
	int64_t now_ms; /* end of the last step */
	int64_t step_ms;
	size_t running;
	struct policy_noise noise;
	double minute; /* sum of its ticks */
};

/* Trained on y [n], with `running` instances, for `steps` more. */
static inline __attribute__((unused)) struct tier *tier_new(
	const struct policy_settings *s, int64_t step_ms, const double *y, size_t n,
	size_t running, size_t steps)
{
	const struct demand_opts o = policy_model_opts(step_ms, s->lead_ms);
	const struct policy_past past = { .y = y, .n = n, .t0_ms = MONDAY_MS };
	const struct fleet_terms terms = { .capacity = s->capacity,
					   .lead = o.lead_steps[POLICY_NEAR],
					   .paid.unit = 1 };
	struct tier *t = xcalloc(1, sizeof(*t));
	struct err e;

	*t = (struct tier){ .s = *s,
			    .step_ms = step_ms,
			    .now_ms = MONDAY_MS + (int64_t)n * step_ms,
			    .running = running };
	assert_ok(demand_model_new(&o, &t->m, &e), &e);
	policy_init(&t->p, &o, s);
	assert_ok(policy_train(&t->p, s, t->m, &past, &e), &e);
	t->fleet = fleet_sim_new(&terms, steps, running);
	return t;
}

static inline __attribute__((unused)) void tier_free(struct tier *t)
{
	demand_model_free(t->m);
	fleet_sim_free(t->fleet);
	free(t);
}

/* A step passes with that demand; returns what is desired at its end. */
static inline __attribute__((unused)) int64_t tier_step(struct tier *t, double demand)
{
	struct fleet_now now;
	struct decide_input in;
	struct err e;

	fleet_serve(t->fleet, demand, &now);
	t->running = now.running;
	policy_observe(&t->p, &t->s, NULL, demand, (int64_t)t->running,
		       t->plan.would_binding == DECIDE_BY_MIN);
	assert_ok(demand_model_update(t->m, t->now_ms, demand, &e), &e);
	t->now_ms += t->step_ms;
	policy_fleet_input(&t->p, &t->s, NULL, t->now_ms, &now, &in);
	policy_fill(&t->p, &t->s, t->m, NULL, &in, NULL);
	decide(&in, &t->state, &t->plan);
	fleet_want(t->fleet, (size_t)t->plan.desired);
	return t->plan.desired;
}

/*
 * A tick of ten seconds with that demand: decided at once, as the controller does; the
 * model and the policy take each full minute. What is desired serves in the next tick.
 */
static inline __attribute__((unused)) int64_t tier_tick(struct tier *t, double demand)
{
	const int64_t now_ms = t->now_ms + TICK_MS;
	const double evidence = policy_noise_sure(&t->noise, now_ms, demand, TICK_MS);
	struct decide_input in;
	struct err e;

	t->now_ms = now_ms;
	t->minute += demand / 6;
	if (now_ms % MINUTE_MS == 0) {
		policy_observe(&t->p, &t->s, NULL, t->minute, (int64_t)t->running,
			       t->plan.would_binding == DECIDE_BY_MIN);
		assert_ok(demand_model_update(t->m, now_ms - MINUTE_MS, t->minute, &e),
			  &e);
		t->minute = 0;
	}
	policy_input(&t->p, &t->s, now_ms, demand, (int64_t)t->running, 0, &in);
	policy_fill(&t->p, &t->s, t->m, NULL, &in, NULL);
	in.forecast_at_ms = now_ms / MINUTE_MS * MINUTE_MS;
	in.demand_sure = fmax(in.demand_sure, evidence);
	decide(&in, &t->state, &t->plan);
	t->running = (size_t)t->plan.desired;
	return t->plan.desired;
}

#endif
