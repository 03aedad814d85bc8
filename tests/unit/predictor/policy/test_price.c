/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The price of a short step: the promise is kept by the rule as it is, whatever slows it.
 */
#include "policy_fixture.h"

#define RISK 0.005
enum { N = 2 * WEEK };

/* A week played after a week of history. */
struct outcome {
	struct fleet_run run;
	double short_share; /* of the steps that a decision could and may have served */
	double log_price;   /* that was found */
};

static struct outcome play(const struct policy_settings *s)
{
	static double y[N];
	struct outcome r = { 0 };
	struct tier *t;

	if (y[0] == 0)
		make_days(y, N, MINUTE_MS, 1);
	t = tier_new(s, MINUTE_MS, y, WEEK, 26, WEEK);
	r.log_price = t->p.log_price;
	for (size_t i = WEEK; i < N; i++) {
		tier_step(t, y[i]);
		r.short_share += i > WEEK + t->p.lead_steps &&
				 y[i] > s->capacity * (double)t->running &&
				 y[i] <= s->capacity * (double)s->max;
	}
	r.short_share /= WEEK;
	fleet_result(t->fleet, &r.run);
	free(r.run.running);
	tier_free(t);
	return r;
}

static void assert_kept(const struct outcome *r, double risk)
{
	if (!(r->short_share <= 1.15 * risk && r->short_share >= 0.5 * risk))
		fail_msg("%g of the steps were short, promised was %g", r->short_share,
			 risk);
}

static void the_promise_is_kept_whatever_the_dwell(void **state)
{
	static const int64_t dwells[] = { 1, 3, 10, 30 };
	double log_price = INFINITY;
	size_t actions = SIZE_MAX;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(dwells); k++) {
		struct policy_settings s = plain_settings();
		struct outcome r;

		s.dwell_ms = dwells[k] * MINUTE_MS;
		r = play(&s);
		assert_kept(&r, RISK);
		/* What stays longer keeps the promise at a lower price. */
		assert_true(r.log_price < log_price);
		assert_true(r.run.actions < actions);
		log_price = r.log_price;
		actions = r.run.actions;
	}
}

static void the_promise_is_kept_whatever_the_steps(void **state)
{
	struct policy_settings s = plain_settings();
	const double unlimited = play(&s).log_price;
	struct outcome r;

	(void)state;
	s.step_in_max = 1;
	r = play(&s);
	assert_kept(&r, RISK);
	assert_true(r.log_price < unlimited);
	s.step_in_max = 0;
	s.step_out_max = 2;
	r = play(&s);
	assert_kept(&r, RISK);
}

static void any_promise_is_kept_and_a_smaller_one_costs_more(void **state)
{
	static const double risks[] = { 0.05, 0.02, 0.002 };
	double instances = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(risks); k++) {
		struct policy_settings s = plain_settings();
		struct outcome r;

		s.risk = risks[k];
		r = play(&s);
		assert_kept(&r, risks[k]);
		assert_true(r.run.instance_steps > instances);
		instances = r.run.instance_steps;
	}
}

/* By night the minimum decides, or by day the maximum: that says nothing of the price. */
static void bounds_do_not_spoil_the_price(void **state)
{
	struct policy_settings s = plain_settings();
	const struct outcome free_ = play(&s);
	struct outcome r;

	(void)state;
	s.min = 20;
	r = play(&s);
	assert_kept(&r, RISK);
	s.min = 1;
	s.max = 36;
	r = play(&s);
	assert_kept(&r, RISK);
	assert_close(r.log_price, free_.log_price, 1);
}

static void a_higher_price_is_short_for_less_and_costs_more(void **state)
{
	struct outcome before = { .short_share = 1 };

	(void)state;
	for (double price = 0.1; price < 200; price *= 8) {
		struct policy_settings s = plain_settings();
		struct outcome now;

		s.price = price;
		now = play(&s);
		assert_close(now.log_price, log(60 * price), 1e-12);
		assert_true(now.short_share < before.short_share);
		assert_true(now.run.instance_steps > before.run.instance_steps);
		before = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_promise_is_kept_whatever_the_dwell),
		cmocka_unit_test(the_promise_is_kept_whatever_the_steps),
		cmocka_unit_test(any_promise_is_kept_and_a_smaller_one_costs_more),
		cmocka_unit_test(bounds_do_not_spoil_the_price),
		cmocka_unit_test(a_higher_price_is_short_for_less_and_costs_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
