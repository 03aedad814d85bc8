/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy_fixture.h"

enum { HISTORY = 3 * DAY };

/* Three days of history, and `steps` more to come in the returned series. */
static const double *days(void)
{
	static double y[HISTORY + WEEK];

	if (y[0] == 0)
		make_days(y, ARRAY_SIZE(y), MINUTE_MS, 11);
	return y;
}

static struct tier *some_tier(const struct policy_settings *s)
{
	return tier_new(s, MINUTE_MS, days(), HISTORY, 26, WEEK);
}

/* ---------------------------------------------------------------- the price in force */

static void a_stated_price_is_used_as_it_is_and_what_is_short_is_told(void **state)
{
	struct policy_settings s = plain_settings();
	struct policy_settings other;
	struct tier *t;

	(void)state;
	s.price = 3;
	t = some_tier(&s);
	for (size_t i = 0; i < 50; i++) /* short again and again */
		tier_step(t, (i % 2 ? 30 : 1) * days()[HISTORY + i]);
	assert_close(t->p.log_price, log(180), 1e-12);
	assert_true(t->p.short_share > 0.1);
	other = s;
	other.capacity = 40;
	other.risk = 0.1;
	policy_change(&t->p, &s, &other);
	assert_close(t->p.log_price, log(180), 1e-12);
	other.price = 6;
	policy_change(&t->p, &s, &other);
	assert_close(t->p.log_price, log(360), 1e-12);
	tier_free(t);
}

static void without_a_past_the_risk_is_the_probability(void **state)
{
	struct policy_settings s = plain_settings();
	const struct demand_opts o = policy_model_opts(MINUTE_MS, s.lead_ms);
	struct policy p;

	(void)state;
	policy_init(&p, &o, &s);
	assert_close(exp(p.log_price), 200, 1e-9);
	assert_int_equal(o.lead_steps[POLICY_NEAR], 3);
	assert_int_equal(o.lead_steps[POLICY_FAR], 23);
	assert_int_equal(policy_model_opts(MINUTE_MS, 60001).lead_steps[POLICY_NEAR], 2);
	assert_int_equal(policy_model_opts(3600000, 1).lead_steps[POLICY_FAR], 2);
}

/* Observes the same n times; returns by how much the price rose. */
static double steered(const struct tier *t, double demand, int64_t served, bool is_bound,
		      size_t n)
{
	struct policy p = t->p;

	p.followed = p.lead_steps + 1;
	for (size_t i = 0; i < n; i++)
		policy_observe(&p, &t->s, NULL, demand, served, is_bound);
	return p.log_price - t->p.log_price;
}

static void what_was_short_raises_the_price_and_what_was_not_lowers_it(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);

	(void)state;
	assert_true(steered(t, 500, 24, false, 1) > 0.05);
	assert_true(steered(t, 500, 25, false, 1) < 0);
	/* One short step weighs as much as its promise's number of others. */
	assert_close(steered(t, 500, 24, false, 1), -200 * steered(t, 500, 25, false, 1),
		     0.01);
	tier_free(t);
}

/* The first decision serves a lead time later: what is short until then is no reason for
 * a higher price, and not after a time either in which others decided. */
static void what_no_decision_could_serve_leaves_the_price(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);
	struct policy p = t->p;

	(void)state;
	for (int again = 0; again < 2; again++) {
		const double price = p.log_price;

		for (int i = 0; i < 4; i++)
			policy_observe(&p, &s, NULL, 500, 24, false);
		assert_close(p.log_price, price, 0);
		policy_observe(&p, &s, NULL, 500, 24, false);
		assert_true(p.log_price > price);
		policy_observe(&p, &s, NULL, 500, -1, false);
	}
	tier_free(t);
}

/* A schedule's maximum, or a pool without room: as the operator's maximum. */
static void what_a_bound_keeps_short_leaves_the_price(void **state)
{
	static const struct policy_bounds bounds[] = { { -1, 24, -1 }, { -1, -1, 24 } };
	const struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bounds); k++) {
		struct policy p = t->p;

		p.followed = p.lead_steps + 1;
		policy_observe(&p, &s, &bounds[k], 500, 24, false);
		assert_close(p.log_price, t->p.log_price, 0);
		policy_observe(&p, &s, &bounds[k], 470, 23, false);
		assert_true(p.log_price > t->p.log_price);
	}
	tier_free(t);
}

static void what_says_nothing_of_the_price_leaves_it(void **state)
{
	struct policy_settings s = plain_settings();
	struct tier *t;

	(void)state;
	s.max = 40;
	t = some_tier(&s);
	/* Not what was decided; more than may be served; more than was needed, for the
	 * minimum's sake. */
	assert_close(steered(t, 500, -1, false, 100), 0, 0);
	assert_close(steered(t, 801, 40, false, 100), 0, 0);
	assert_close(steered(t, 300, 40, true, 100), 0, 0);
	assert_true(steered(t, 800, 39, false, 1) > 0);
	/* A fleet that stays for days at what is enough is no reason to try less. */
	assert_close(steered(t, 500, 26, false, 3 * DAY), steered(t, 500, 26, false, DAY),
		     1e-9);
	tier_free(t);
}

/* ---------------------------------------------------------------- other settings */

static double short_within(struct tier *t, size_t from, size_t to)
{
	double is_short = 0;

	for (size_t i = from; i < to; i++) {
		tier_step(t, days()[HISTORY + i]);
		is_short += days()[HISTORY + i] > t->s.capacity * (double)t->running;
	}
	return is_short / (double)(to - from);
}

static void other_settings_are_worth_as_much_demand_and_learned_faster(void **state)
{
	struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);
	const double before = t->p.log_price;
	double slowly;

	(void)state;
	t->p.steered = 100 * DAY;
	slowly = steered(t, 500, 24, false, 1);
	s.capacity = 10; /* twice as many instances: a short step is worth as many more */
	policy_change(&t->p, &t->s, &s);
	assert_close(t->p.log_price, before + log(2), 1e-12);
	t->s = s;
	assert_close(steered(t, 500, 24, false, 1), 5 * slowly, 0.01 * slowly);
	s.risk /= 4;
	policy_change(&t->p, &t->s, &s);
	assert_close(t->p.log_price, before + log(8), 1e-12);
	t->s = s;
	s.dwell_ms *= 10;
	policy_change(&t->p, &t->s, &s);
	assert_close(t->p.log_price, before + log(8), 1e-12);
	tier_free(t);
}

static void twice_the_capacity_needs_half_the_instances_at_once(void **state)
{
	struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);
	struct decide_input in = { .desired = 26 };
	int64_t need;

	(void)state;
	policy_fill(&t->p, &t->s, t->m, NULL, &in, NULL);
	need = in.forecast_need;
	s.capacity = 40;
	policy_change(&t->p, &t->s, &s);
	policy_fill(&t->p, &s, t->m, NULL, &in, NULL);
	assert_true(llabs(2 * in.forecast_need - need) <= 2);
	tier_free(t);
}

/* What is told of the demand is a quantile of it, whatever an instance serves; the need
 * is what does not suffice seldom enough. */
static void the_same_demand_is_told_alike_at_any_capacity(void **state)
{
	static const double capacities[] = { 1, 40, 1000 };
	double high = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(capacities); k++) {
		struct policy_settings s = plain_settings();
		struct decide_input in = { .desired = 1 };
		struct demand_view near;
		struct tier *t;
		struct err e;

		s.capacity = capacities[k];
		t = some_tier(&s);
		policy_fill(&t->p, &s, t->m, NULL, &in, NULL);
		assert_ok(demand_model_view(t->m, POLICY_NEAR, &near, &e), &e);
		assert_close(in.forecast_level, 0.95, 0);
		assert_close(in.forecast_high, demand_view_quantile(&near, 0.95), 1e-9);
		assert_close(in.forecast_high, k ? high : in.forecast_high, 1e-9);
		assert_close(in.need_level,
			     1 - demand_view_over(&near,
						  (double)in.forecast_need * s.capacity),
			     0.01);
		high = in.forecast_high;
		tier_free(t);
	}
}

/* The demand that comes is that many times as large, and not what whole instances could
 * serve of it: 9 of 10 make 18.9, which two serve. */
static void an_event_multiplies_demand_and_not_the_slack(void **state)
{
	static const struct {
		double level, capacity, uplift;
		int64_t need;
	} is[] = { { 9, 10, 2.1, 2 }, { 91, 10, 2.9, 27 } };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(is); k++) {
		static double y[HISTORY];
		const struct uplift u = uplift_given(is[k].uplift);
		const struct policy_events sale = { u, u };
		struct policy_settings s = plain_settings();
		struct decide_input in = { .desired = 1 };
		struct tier *t;

		for (size_t i = 0; i < HISTORY; i++)
			y[i] = is[k].level + 0.01 * (double)(i % 7);
		s.capacity = is[k].capacity;
		t = tier_new(&s, MINUTE_MS, y, HISTORY, 1, 1);
		policy_fill(&t->p, &s, t->m, &sale, &in, NULL);
		assert_int_equal(in.forecast_need, is[k].need);
		assert_close(in.forecast_high, is[k].level * is[k].uplift, 0.5);
		tier_free(t);
	}
}

static void another_promise_is_kept_without_another_training(void **state)
{
	struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);
	double before, after;

	(void)state;
	before = short_within(t, 0, 2 * DAY);
	assert_true(before < 0.01);
	s.risk = 0.02;
	s.dwell_ms = 10 * MINUTE_MS;
	policy_change(&t->p, &t->s, &s);
	t->s = s;
	after = short_within(t, 2 * DAY, WEEK);
	assert_true(after <= 1.1 * 0.02 && after >= 0.5 * 0.02);
	tier_free(t);
}

/* ---------------------------------------------------------------- state */

/* A step in which as many serve as were desired. */
static int64_t obeyed_step(struct tier *t, double demand)
{
	struct decide_input in;
	struct err e;

	policy_observe(&t->p, &t->s, NULL, demand, t->plan.desired, false);
	assert_ok(demand_model_update(t->m, t->now_ms, demand, &e), &e);
	t->now_ms += t->step_ms;
	policy_input(&t->p, &t->s, t->now_ms, demand, t->plan.desired, 0, &in);
	policy_fill(&t->p, &t->s, t->m, NULL, &in, NULL);
	decide(&in, &t->state, &t->plan);
	return t->plan.desired;
}

static void a_saved_copy_goes_on_alike(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *a = some_tier(&s), b;
	CLEANUP(free) void *bytes = xmalloc(demand_model_size(a->m));
	bool changes = false;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		obeyed_step(a, days()[HISTORY + i]);
	demand_model_save(a->m, bytes);
	b = *a;
	assert_ok(demand_model_load(bytes, demand_model_size(a->m), &b.m, &e), &e);
	for (size_t i = 300; i < 900; i++) {
		const int64_t before = a->plan.desired;

		assert_int_equal(obeyed_step(a, days()[HISTORY + i]),
				 obeyed_step(&b, days()[HISTORY + i]));
		changes |= a->plan.desired != before;
	}
	assert_true(changes);
	assert_memory_equal(&a->p, &b.p, sizeof(a->p));
	demand_model_free(b.m);
	tier_free(a);
}

static void a_week_of_minutes_and_the_policy_fit_in_64_kb(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *t = tier_new(&s, MINUTE_MS, NULL, 0, 1, 1);

	(void)state;
	assert_true(demand_model_size(t->m) + sizeof(t->p) < 64 * 1024);
	tier_free(t);
}

static void twice_the_unit_changes_no_decision(void **state)
{
	const struct policy_settings s = plain_settings();
	static double z[HISTORY];
	struct tier *a = some_tier(&s), *b;

	(void)state;
	for (int power = -40; power <= 40; power += 40) {
		struct policy_settings scaled = s;

		for (size_t i = 0; i < HISTORY; i++)
			z[i] = ldexp(days()[i], power);
		scaled.capacity = ldexp(s.capacity, power);
		tier_free(a);
		a = some_tier(&s);
		b = tier_new(&scaled, MINUTE_MS, z, HISTORY, 26, WEEK);
		for (size_t i = 0; i < 300; i++)
			assert_int_equal(tier_step(a, days()[HISTORY + i]),
					 tier_step(b, ldexp(days()[HISTORY + i], power)));
		tier_free(b);
	}
	tier_free(a);
}

static void deciding_again_on_the_same_changes_nothing(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *t = some_tier(&s);

	(void)state;
	for (size_t i = 0; i < 600; i++) {
		const int64_t n = tier_step(t, days()[HISTORY + i]);
		struct decide_input in;

		for (int k = 1; k < 6; k++) {
			policy_input(&t->p, &s, t->now_ms, days()[HISTORY + i], n, 0,
				     &in);
			policy_fill(&t->p, &s, t->m, NULL, &in, NULL);
			in.now_ms += k * 10000;
			decide(&in, &t->state, &t->plan);
			assert_int_equal(t->plan.desired, n);
		}
	}
	tier_free(t);
}

/* ---------------------------------------------------------------- what is filled in */

static void before_the_first_sample_nothing_is_forecast(void **state)
{
	const struct policy_settings s = plain_settings();
	struct tier *t = tier_new(&s, MINUTE_MS, NULL, 0, 1, 2);
	struct decide_input in;
	double level = 0;

	(void)state;
	policy_input(&t->p, &s, t->now_ms, NAN, 1, 0, &in);
	policy_fill(&t->p, &s, t->m, NULL, &in, &level);
	assert_true(isnan(in.forecast_mid) && isnan(in.forecast_high));
	assert_true(isnan(in.out_gain) && isnan(in.again_near) && isnan(in.again_far));
	assert_true(isnan(level));
	assert_close(in.demand_sure, 0, 0);
	tier_step(t, 390);
	assert_in_range(t->plan.desired, 20, 45);
	tier_free(t);
}

static void events_multiply_what_is_forecast(void **state)
{
	const struct policy_settings s = plain_settings();
	const struct policy_events none = { uplift_none(), uplift_none() };
	const struct policy_events soon = { uplift_none(), uplift_given(2) };
	const struct policy_events now = { uplift_given(2), uplift_given(2) };
	struct tier *t = some_tier(&s);
	struct decide_input in = { .desired = 26 }, with = { .desired = 26 };

	(void)state;
	policy_fill(&t->p, &s, t->m, NULL, &in, NULL);
	policy_fill(&t->p, &s, t->m, &none, &with, NULL);
	assert_memory_equal(&in, &with, sizeof(in));
	policy_fill(&t->p, &s, t->m, &soon, &with, NULL);
	assert_close(with.forecast_high, in.forecast_high, 1e-9);
	assert_close(with.again_far, 2 * in.again_far, 1e-9);
	policy_fill(&t->p, &s, t->m, &now, &with, NULL);
	assert_close(with.forecast_mid, 2 * in.forecast_mid, 1e-9);
	assert_close(with.forecast_high, 2 * in.forecast_high, 1e-6);
	assert_close(with.again_near, 2 * in.again_near, 1e-9);
	tier_free(t);
}

static void wrong_settings_are_named(void **state)
{
	static const struct {
		struct policy_settings s;
		const char *word;
	} wrong[] = {
		{ { .risk = 0.01, .max = 9 }, "capacity" },
		{ { .risk = 0.01, .max = 9, .capacity = NAN }, "capacity" },
		{ { .risk = 0, .max = 9, .capacity = 1 }, "risk" },
		{ { .risk = 0.6, .max = 9, .capacity = 1 }, "risk" },
		{ { .risk = 0.01, .max = 9, .capacity = 1, .price = -1 }, "price" },
		{ { .risk = 0.01, .min = 3, .max = 2, .capacity = 1 }, "min" },
		{ { .risk = 0.01, .max = 9, .capacity = 1, .action_price = -1 },
		  "action price" },
		{ { .risk = 0.01, .max = 9, .capacity = 1, .step_in_max = -1 },
		  "step_in" },
		{ { .risk = 0.01, .max = 9, .capacity = 1, .step_out_max = -1 },
		  "step_out" },
	};
	struct policy_settings s = plain_settings();
	struct err e;

	(void)state;
	assert_ok(policy_settings_check(&s, &e), &e);
	s.max = -1;
	assert_ok(policy_settings_check(&s, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(policy_settings_check(&wrong[i].s, &e), ERR_INVAL);
		if (!strstr(e.msg, wrong[i].word))
			fail_msg("'%s' has no '%s'", e.msg, wrong[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_stated_price_is_used_as_it_is_and_what_is_short_is_told),
		cmocka_unit_test(without_a_past_the_risk_is_the_probability),
		cmocka_unit_test(
			what_was_short_raises_the_price_and_what_was_not_lowers_it),
		cmocka_unit_test(what_says_nothing_of_the_price_leaves_it),
		cmocka_unit_test(what_no_decision_could_serve_leaves_the_price),
		cmocka_unit_test(what_a_bound_keeps_short_leaves_the_price),
		cmocka_unit_test(
			other_settings_are_worth_as_much_demand_and_learned_faster),
		cmocka_unit_test(twice_the_capacity_needs_half_the_instances_at_once),
		cmocka_unit_test(the_same_demand_is_told_alike_at_any_capacity),
		cmocka_unit_test(an_event_multiplies_demand_and_not_the_slack),
		cmocka_unit_test(another_promise_is_kept_without_another_training),
		cmocka_unit_test(a_saved_copy_goes_on_alike),
		cmocka_unit_test(a_week_of_minutes_and_the_policy_fit_in_64_kb),
		cmocka_unit_test(twice_the_unit_changes_no_decision),
		cmocka_unit_test(deciding_again_on_the_same_changes_nothing),
		cmocka_unit_test(before_the_first_sample_nothing_is_forecast),
		cmocka_unit_test(events_multiply_what_is_forecast),
		cmocka_unit_test(wrong_settings_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
