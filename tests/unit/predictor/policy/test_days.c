/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Days with a steep morning, in steps of five minutes, from the first sample on.
 */
#include "policy_fixture.h"

#define STEP_MS INT64_C(300000)
enum { STEPS = 288, N = 20 * STEPS };

/* Nights at 200, from 8 to 20 o'clock 1000, with noise and a wave. */
static void make_office_days(double *y, size_t n, unsigned long seed)
{
	gsl_rng *r = dice(seed);

	for (size_t i = 0; i < n; i++) {
		const size_t t = i % STEPS;
		const double open = t >= 96 && t < 240 ? 1000 : 200;

		y[i] = open * (1 + 0.3 * sin(2 * M_PI * (double)t / STEPS)) *
		       (1 + 0.05 * (2 * gsl_rng_uniform(r) - 1) *
				    (2 * gsl_rng_uniform(r) - 1));
	}
	gsl_rng_free(r);
}

static struct policy_settings settings(void)
{
	struct policy_settings s = plain_settings();

	s.risk = 0.01;
	s.lead_ms = 2 * STEP_MS;
	return s;
}

static bool is_short(const struct tier *t, double demand)
{
	return demand > t->s.capacity * (double)t->running;
}

static void the_risk_is_kept_and_the_morning_seen_to_come(void **state)
{
	static double y[2 * N];
	struct policy_settings s = settings();
	size_t shorts = 0, mornings = 0;
	struct tier *t;

	(void)state;
	make_office_days(y, ARRAY_SIZE(y), 1);
	s.risk = 0.003; /* one step in which a morning is missed is all of a day's */
	t = tier_new(&s, STEP_MS, y, N, 20, N);
	for (size_t i = N; i < 2 * N; i++) {
		tier_step(t, y[i]);
		shorts += is_short(t, y[i]);
		mornings += i % STEPS == 96 && !is_short(t, 0.9 * y[i]);
	}
	/* The demand jumps fivefold at step 96 of each of twenty days. */
	assert_int_equal(mornings, 20);
	assert_true((double)shorts <= 1.2 * s.risk * N);
	tier_free(t);
}

static void a_lower_risk_asks_for_more(void **state)
{
	static double y[N];
	struct policy_settings s = settings();
	struct decide_input in = { .desired = 1 }, careful = { .desired = 1 };
	double level, careful_level;
	struct tier *a, *b;

	(void)state;
	make_office_days(y, N, 3);
	a = tier_new(&s, STEP_MS, y, N, 20, 1);
	s.risk = 0.0005;
	b = tier_new(&s, STEP_MS, y, N, 20, 1);
	policy_fill(&a->p, &a->s, a->m, NULL, &in, &level);
	policy_fill(&b->p, &b->s, b->m, NULL, &careful, &careful_level);
	assert_true(careful_level > level);
	assert_true(careful.forecast_need > in.forecast_need);
	assert_close(careful.forecast_mid, in.forecast_mid, 0);
	tier_free(a);
	tier_free(b);
}

static void the_first_days_learn_to_keep_the_risk(void **state)
{
	enum { END = 3 * STEPS };
	const struct policy_settings s = settings();
	struct tier *t = tier_new(&s, STEP_MS, NULL, 0, 26, END);
	gsl_rng *r = dice(5);
	size_t shorts = 0;

	(void)state;
	for (size_t i = 0; i < END; i++) {
		const double day = (double)i / STEPS;
		const double y = 500 * (1 + 0.5 * sin(2 * M_PI * day)) *
				 (1 + 0.05 * (2 * gsl_rng_uniform(r) - 1));

		tier_step(t, y);
		shorts += is_short(t, y);
	}
	assert_true(shorts <= 3 * 0.01 * END);
	gsl_rng_free(r);
	tier_free(t);
}

static void another_level_is_followed_in_its_step(void **state)
{
	static double y[N];
	const struct policy_settings s = settings();
	struct tier *t;

	(void)state;
	make_office_days(y, N, 12);
	t = tier_new(&s, STEP_MS, y, N - STEPS, 20, STEPS);
	for (size_t i = N - STEPS; i < N; i++) {
		const int64_t n = tier_step(t, 4 * y[i]);

		/* But for what may be noise. */
		assert_true(20.0 * (double)n >= 4 * y[i] * 0.9);
	}
	assert_true(20.0 * (double)t->plan.desired < 8 * 4 * y[N - 1]);
	tier_free(t);
}

static void what_was_never_used_is_served_in_its_step(void **state)
{
	static double y[N];
	const struct policy_settings s = settings();
	struct tier *t = tier_new(&s, STEP_MS, y, N, 1, 12);

	(void)state;
	assert_int_equal(tier_step(t, 0), 1);
	assert_in_range(tier_step(t, 400), 20, 2000);
	tier_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_risk_is_kept_and_the_morning_seen_to_come),
		cmocka_unit_test(a_lower_risk_asks_for_more),
		cmocka_unit_test(the_first_days_learn_to_keep_the_risk),
		cmocka_unit_test(another_level_is_followed_in_its_step),
		cmocka_unit_test(what_was_never_used_is_served_in_its_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
