/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tiers that live through made-up days, from a fixed seed, and what must be true of every
 * single decision.
 */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "decide.h"
#include "text.h"

#include <string.h>

#define TIERS 60
#define TICKS 2000
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

static uint32_t seed;

/* 0 to n - 1 */
static int pick(int n)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)((seed >> 8) % (uint32_t)n);
}

static struct decide_input some_tier(uint32_t number)
{
	seed = number * 2654435761u + 1;
	return (struct decide_input){
		.stack = "s",
		.tier = "t",
		.now_ms = INT64_C(1790000000) * SECOND,
		.mode = (enum decide_mode)pick(3),
		.min = pick(3),
		.max = pick(4) ? 5 + pick(20) : -1,
		.capacity = pick(10) ? 10 : 0,
		.unit = "/s",
		.target_utilisation = pick(2) ? 0.8 : 0,
		.step_out_max = pick(3) ? 0 : 1 + pick(4),
		.step_in_max = pick(3) ? 0 : 1 + pick(2),
		.dwell_ms = pick(3) * 5 * MINUTE,
		.action_price = pick(4) * 4,
		.stateful = pick(8) == 0,
		.lead_ms = pick(4) * 100 * SECOND,
		.running = pick(6),
		.desired = pick(3) ? pick(6) : -1,
		.stale_after_ms = MINUTE,
		.outlook_ms = pick(4) ? 20 * MINUTE : 0,
		.forecast_at_ms = INT64_C(1790000000) * SECOND,
		.floor = -1,
		.ceiling = -1,
		.budget = -1,
		.fallback_level = "full",
	};
}

/* A demand that swings over two hours, with noise, gaps and outages. */
static void go_on(struct decide_input *in, int tick)
{
	double phase = (double)(tick % 720) / 720 * 6.283185307;
	double demand = 60 + 50 * sin(phase) + pick(20);

	in->now_ms += 10 * SECOND;
	if (pick(40)) {
		in->demand_at_ms = in->now_ms - pick(10) * SECOND;
		in->demand = pick(300) ? demand : NAN;
	}
	if (tick / 100 % 7 == 3) /* an outage of a quarter of an hour */
		in->demand_at_ms = in->now_ms - 5 * MINUTE;
	else if (pick(20))
		in->forecast_at_ms = in->now_ms - 30 * SECOND;
	in->forecast_mid = 70 + 50 * sin(phase + 0.2);
	in->forecast_high = pick(500) ? in->forecast_mid * 1.1 : NAN;
	in->demand_sure = pick(3) ? in->demand : in->demand * 0.9;
	in->again_near = pick(500) ? in->forecast_mid * 1.05 : NAN;
	in->again_far = fmax(in->again_near, 70 + 50 * sin(phase + 0.2 + pick(2)));
	in->out_gain = pick(9) ? pick(8) : NAN;
	in->ending = pick(3) ? -1 : pick(3);
	in->distrust = pick(60) ? NULL : "the inventory shrank";
	in->missing = pick(60) ? NULL : "no metrics from web@2.service";
	in->hold_owner = tick / 150 % 9 == 5 ? "ann" : NULL;
	in->floor = tick / 200 % 5 == 2 ? 4 : -1;
	in->ceiling = tick / 200 % 5 == 4 ? 6 : -1;
	in->floor_name = in->ceiling_name = "office";
	in->budget = pick(5) ? -1 : 8;
	in->yields_to = pick(9) ? NULL : "s/u";
}

static bool is_good(const struct decide_input *in)
{
	return in->capacity > 0 && isfinite(in->demand) &&
	       in->now_ms - in->demand_at_ms <= in->stale_after_ms && !in->distrust &&
	       !in->missing && isfinite(in->forecast_high) && isfinite(in->again_near) &&
	       isfinite(in->again_far) && !in->stateful && !in->hold_owner &&
	       in->mode != DECIDE_OUT;
}

/* Those that go by the forecast were not needed within the dwell, save more than they
 * cost, and are no more than the limits of a step. */
static void check_in(const struct decide_input *in, const struct decide_plan *p)
{
	assert_true(p->desired >= p->held && p->held >= p->needed);
	assert_true(p->in_saves >= p->in_costs && p->in_count >= p->from - p->desired);
	assert_true(in->ending < 0 || p->from - p->desired <= in->ending);
	assert_true(in->step_in_max == 0 || p->from - p->desired <= in->step_in_max);
}

/* Decided again when it was done, with no newer demand and forecast. */
static void check_again(const struct decide_input *in, const struct decide_state *before,
			const struct decide_plan *p)
{
	struct decide_state s = *before;
	struct decide_input again = *in;
	struct decide_plan q;

	if (in->step_in_max > 0 && in->dwell_ms == 0)
		return; /* as many each time */
	again.desired = p->desired;
	again.starting += p->desired > p->from ? p->desired - p->from : 0;
	/* What was given up has no room any more. */
	again.yields_to = NULL;
	again.budget = p->cause == DECIDE_PRIORITY ? p->desired : again.budget;
	again.ending -= in->ending > 0 && p->desired < p->from ? p->from - p->desired : 0;
	again.ending = in->ending < 0 ? -1 : again.ending > 0 ? again.ending : 0;
	for (int i = 0; i < 3; i++) {
		decide_silently(&again, &s, &q);
		if (q.desired != p->desired)
			fail_msg("%s; then to %lld by %s", p->sentence,
				 (long long)q.desired, decide_binding_name(q.binding));
		/* With time a step may be taken again. */
		again.now_ms += again.step_in_max == 0 ? SECOND : 0;
	}
}

/* What a person wrote down is obeyed in every mode, as far as a step goes. */
static void check_bounds(const struct decide_input *in, const struct decide_plan *p)
{
	const int64_t from = p->from;
	const int64_t floor = MAX(in->min, in->floor);
	const int64_t max = in->max >= 0 ? in->max : INT64_MAX;
	const int64_t low = MIN(floor, max);
	const int64_t high = MAX(MIN(max, in->ceiling >= 0 ? in->ceiling : max), low);
	const bool is_step = p->binding == DECIDE_BY_STEP_IN ||
			     p->binding == DECIDE_BY_STEP_OUT ||
			     p->would_binding == DECIDE_BY_STEP_IN ||
			     p->would_binding == DECIDE_BY_STEP_OUT;

	if (in->hold_owner || (in->distrust && p->desired <= from)) {
		assert_int_equal(p->desired, from < low && !in->hold_owner ? low : from);
		return;
	}
	if (p->desired < from && !is_good(in) && p->desired < high &&
	    p->cause != DECIDE_PRIORITY)
		fail_msg("went in: %s", p->sentence);
	if ((p->desired > high || p->desired < low) && !is_step)
		fail_msg("not within %lld to %lld: %s", (long long)low, (long long)high,
			 p->sentence);
	if (p->cause == DECIDE_PRIORITY)
		assert_true(in->yields_to && p->desired == from - 1 &&
			    p->desired >= low && !in->stateful);
}

static void check(const struct decide_input *in, const struct decide_plan *p)
{
	int64_t from = in->desired >= 0 ? in->desired : in->running;

	assert_int_equal(p->from, from);
	assert_true(p->desired >= 0);
	assert_true(strlen(p->sentence) > 10 &&
		    strlen(p->sentence) < sizeof(p->sentence) - 1);
	assert_int_equal(p->sentence[strlen(p->sentence) - 1], '.');
	if (strstr(p->sentence, "-1") || strstr(p->sentence, "nan"))
		fail_msg("said: %s", p->sentence);
	check_bounds(in, p);
	if (in->hold_owner)
		return;
	if (in->capacity > 0 && p->needed > p->desired)
		assert_true(p->binding != DECIDE_BY_NOTHING &&
			    p->binding != DECIDE_BY_DWELL &&
			    p->binding != DECIDE_BY_AGAIN);
	if (p->desired < from && p->cause == DECIDE_FELL)
		check_in(in, p);
	if (p->desired == p->from)
		assert_non_null(strstr(p->sentence, "t stays at "));
	else
		assert_non_null(strstr(p->sentence, "t goes from "));
}

static void every_decision_keeps_the_rules(void **state)
{
	size_t outs = 0, ins = 0;

	(void)state;
	for (uint32_t n = 0; n < TIERS; n++) {
		struct decide_input in = some_tier(n);
		struct decide_state s = { 0 };

		for (int tick = 0; tick < TICKS; tick++) {
			struct decide_plan p;

			go_on(&in, tick);
			decide(&in, &s, &p);
			check(&in, &p);
			check_again(&in, &s, &p);
			outs += p.desired > p.from;
			ins += p.desired < p.from;
			in.desired = p.desired;
			in.running = p.desired ? p.desired - pick(2) : 0;
		}
	}
	assert_true(outs > 500 && ins > 100); /* the days were not dull */
}

/* The same past gives the same decisions. */
static void decisions_can_be_replayed(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 5; n++) {
		struct decide_plan first[200];

		for (int run = 0; run < 2; run++) {
			struct decide_input in = some_tier(n);
			struct decide_state s = { 0 };

			for (int tick = 0; tick < 200; tick++) {
				struct decide_plan p;

				go_on(&in, tick);
				decide(&in, &s, &p);
				in.desired = p.desired;
				if (run == 0)
					first[tick] = p;
				assert_int_equal(p.desired, first[tick].desired);
				assert_string_equal(p.sentence, first[tick].sentence);
			}
		}
	}
}

static void a_thousand_tiers_are_decided_and_explained_quickly(void **state)
{
	double began = cpu_ms(), took;

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		struct decide_input in = some_tier(n);
		struct decide_state s = { 0 };
		CLEANUP(json_decref) json_t *o = NULL;
		struct decide_plan p;

		go_on(&in, (int)n);
		decide(&in, &s, &p);
		o = decide_explain(&in, &p);
		assert_non_null(json_object_get(o, "sentence"));
	}
	took = cpu_ms() - began;
	print_message("1,000 tiers decided and explained in %.0f ms\n", took);
	assert_true(took < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_decision_keeps_the_rules),
		cmocka_unit_test(decisions_can_be_replayed),
		cmocka_unit_test(a_thousand_tiers_are_decided_and_explained_quickly),
	};

	return cmocka_run_group_tests_name("decide_random", tests, NULL, NULL);
}
