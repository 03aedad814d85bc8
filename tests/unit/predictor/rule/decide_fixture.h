/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide_fixture.h - a tier of three instances, and what was decided for it.
 */
#ifndef TESTS_UNIT_PREDICTOR_RULE_DECIDE_FIXTURE_H
#define TESTS_UNIT_PREDICTOR_RULE_DECIDE_FIXTURE_H

#include "decide.h"
#include "test.h"
#include "text.h"

#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define START (INT64_C(1790000000) * SECOND)

/* web with 3 of 3 running, in mode auto, needing exactly what it has: 15/s
 * an instance. */
static inline __attribute__((unused)) struct decide_input three_running(void)
{
	return (struct decide_input){
		.stack = "shop",
		.tier = "web",
		.now_ms = START,
		.mode = DECIDE_AUTO,
		.min = 1,
		.max = 20,
		.capacity = 15,
		.unit = "/s",
		.risk = 0.005,
		.dwell_ms = 10 * MINUTE,
		.action_price = 8,
		.lead_ms = 190 * SECOND,
		.running = 3,
		.desired = 3,
		.desired_since_ms = START - 60 * MINUTE,
		.demand = 41.2,
		.demand_sure = 41.2,
		.demand_at_ms = START - 5 * SECOND,
		.stale_after_ms = MINUTE,
		.ending = -1,
		.forecast_mid = 41,
		.forecast_high = 44,
		.out_gain = NAN,
		.again_near = 42,
		.again_far = 42,
		.outlook_ms = 20 * MINUTE,
		.forecast_at_ms = START - 5 * SECOND,
		.fallback_level = "full",
		.fallback_reason = "a week of history",
		.floor = -1,
		.ceiling = -1,
		.budget = -1,
	};
}

/* A forecast of which all is certain: the middle is the upper end, now and later. */
static inline __attribute__((unused)) void set_demand(struct decide_input *in,
						      double demand, double high)
{
	in->demand = in->demand_sure = demand;
	in->forecast_mid = in->forecast_high = high;
	in->again_near = in->again_far = high;
}

static inline __attribute__((unused)) void pass(struct decide_input *in, int64_t ms)
{
	in->now_ms += ms;
	in->demand_at_ms += ms;
	in->forecast_at_ms += ms;
}

/* Lets time pass with a tick every ten seconds; returns the last plan. */
static inline __attribute__((unused)) struct decide_plan run(struct decide_input *in,
							     struct decide_state *s,
							     int64_t for_ms)
{
	int64_t end = in->now_ms + for_ms;
	struct decide_plan p;

	for (;;) {
		decide(in, s, &p);
		if (p.desired != in->desired)
			in->desired_since_ms = in->now_ms;
		in->desired = in->running = p.desired;
		if (in->now_ms >= end)
			return p;
		pass(in, 10 * SECOND);
	}
}

static inline __attribute__((unused)) struct decide_plan once(
	const struct decide_input *in)
{
	struct decide_state s = { 0 };
	struct decide_plan p;

	decide(in, &s, &p);
	return p;
}

/* Brings a tier of `running` to where it may go in at the next tick: for a dwell, 2 would
 * have sufficed. */
static inline __attribute__((unused)) struct decide_input about_to_go_in(
	struct decide_state *s, int64_t running)
{
	struct decide_input in = three_running();

	*s = (struct decide_state){ 0 };
	in.desired = in.running = running;
	set_demand(&in, 20, 28);
	run(&in, s, 10 * MINUTE - 10 * SECOND);
	assert_int_equal(in.desired, running);
	pass(&in, 10 * SECOND);
	return in;
}

static inline __attribute__((unused)) void assert_plan(const struct decide_plan *p,
						       int64_t desired,
						       enum decide_cause cause,
						       enum decide_binding binding,
						       const char *sentence)
{
	if (p->desired != desired || p->cause != cause || p->binding != binding ||
	    strcmp(p->sentence, sentence) != 0)
		fail_msg("%lld (%s, %s): %s\nwanted %lld (%s, %s): %s",
			 (long long)p->desired, decide_cause_name(p->cause),
			 decide_binding_name(p->binding), p->sentence, (long long)desired,
			 decide_cause_name(cause), decide_binding_name(binding),
			 sentence);
}

#endif
