/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A forecast that is contradicted by what comes.
 */
#include "policy_fixture.h"

#include "veto.h"

#define STEP_MS MINUTE_MS
enum { PAST = 14 * DAY, LEAD = 10 };

/* A wave from 100 to 1000, lowest at midnight. */
static double wave(gsl_rng *r, size_t i)
{
	const double day = 550 - 450 * cos(2 * M_PI * (double)i / DAY);

	return day * (1 + 0.03 * gsl_ran_gaussian(r, 1));
}

static struct tier *wave_tier(gsl_rng *r)
{
	static double y[PAST];
	struct policy_settings s = plain_settings();

	s.lead_ms = LEAD * STEP_MS;
	for (size_t i = 0; i < PAST; i++)
		y[i] = wave(r, i);
	return tier_new(&s, STEP_MS, y, PAST, 2, PAST);
}

static void no_ordinary_day_vetoes_its_forecast(void **state)
{
	gsl_rng *r = dice(3);
	struct tier *t = wave_tier(r);

	(void)state;
	for (size_t i = PAST; i < PAST + 5 * DAY; i++) {
		tier_step(t, wave(r, i));
		assert_int_equal(veto_allows(&t->p.veto, DEMAND_FULL), DEMAND_FULL);
	}
	tier_free(t);
	gsl_rng_free(r);
}

/* A past by a clock that is half a day off. */
static void a_past_that_does_not_fit_is_vetoed_within_the_hour(void **state)
{
	gsl_rng *r = dice(3);
	struct tier *t = wave_tier(r);
	struct veto_reason why = { 0 };
	char text[128];
	size_t from = 0, to = 0;

	(void)state;
	for (size_t i = 0; i < DAY; i++) {
		const bool was = veto_allows(&t->p.veto, DEMAND_FULL) < DEMAND_FULL;
		bool is;

		tier_step(t, wave(r, PAST + i + DAY / 2));
		is = veto_allows(&t->p.veto, DEMAND_FULL) < DEMAND_FULL;
		if (is && !was && !from) {
			from = i;
			assert_true(veto_reason(&t->p.veto, DEMAND_FULL, &why));
			assert_true(why.ratio >= 1.3);
			assert_true(strstr(veto_why(&why, STEP_MS, text, sizeof(text)),
					   "times what was forecast"));
		}
		if (was && !is && !to)
			to = i;
	}
	assert_in_range(from, LEAD + 9 - 1, 60);
	assert_false(veto_reason(&t->p.veto, DEMAND_REACTIVE, &why));
	/* It keeps its promise again, an hour after it was contradicted last. */
	assert_true(to >= from + 60);
	tier_free(t);
	gsl_rng_free(r);
}

static void what_is_vetoed_is_not_decided_on(void **state)
{
	gsl_rng *r = dice(3);
	struct tier *t = wave_tier(r);
	struct demand_view used[POLICY_LEADS], allowed;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < DAY; i++) {
		enum demand_fallback level;

		tier_step(t, wave(r, PAST + i + DAY / 2));
		level = veto_allows(&t->p.veto, DEMAND_FULL);
		assert_true(policy_views(&t->p, &t->s, t->m, used));
		assert_int_equal(
			demand_model_view_at(t->m, POLICY_NEAR, level, &allowed, NULL),
			0);
		assert_true(used[POLICY_NEAR].mid == allowed.mid);
		assert_true(used[POLICY_NEAR].sigma == allowed.sigma);
		n += level < DEMAND_FULL;
	}
	assert_true(n >= 60);
	tier_free(t);
	gsl_rng_free(r);
}

static void what_is_less_than_an_instance_contradicts_nothing(void **state)
{
	gsl_rng *r = dice(3);
	struct tier *t = wave_tier(r);

	(void)state;
	t->s.capacity = 1000;
	for (size_t i = 0; i < DAY; i++) {
		tier_step(t, wave(r, PAST + i + DAY / 2));
		assert_int_equal(veto_allows(&t->p.veto, DEMAND_FULL), DEMAND_FULL);
	}
	tier_free(t);
	gsl_rng_free(r);
}

/* The model itself may have left full; what it uses then is judged by itself. */
static void the_level_in_force_is_left_whatever_is_above_it(void **state)
{
	enum { SEASONAL = 0, FULL = DEMAND_FULL - DEMAND_SEASONAL };
	struct veto v = { .steps = 0 };
	struct veto_reason why;

	(void)state;
	v.level[SEASONAL].is_on = true;
	assert_int_equal(veto_allows(&v, DEMAND_FULL), DEMAND_FULL);
	assert_int_equal(veto_allows(&v, DEMAND_SEASONAL), DEMAND_REACTIVE);
	assert_true(veto_reason(&v, DEMAND_SEASONAL, &why));
	assert_false(veto_reason(&v, DEMAND_FULL, &why));
	v.level[FULL].is_on = true;
	assert_int_equal(veto_allows(&v, DEMAND_FULL), DEMAND_REACTIVE);
	v.level[SEASONAL].is_on = false;
	assert_int_equal(veto_allows(&v, DEMAND_FULL), DEMAND_SEASONAL);
	assert_int_equal(veto_allows(&v, DEMAND_SEASONAL), DEMAND_SEASONAL);
	assert_int_equal(veto_allows(&v, DEMAND_REACTIVE), DEMAND_REACTIVE);
}

/* The model leaves full by itself when its errors grow. */
static void seasonal_that_is_in_force_and_vetoed_is_not_decided_on(void **state)
{
	gsl_rng *r = dice(3);
	struct tier *t = wave_tier(r);
	struct demand_view used[POLICY_LEADS], reactive;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < DAY; i++) {
		struct demand_source from;

		tier_step(t, wave(r, PAST + i + DAY / 2));
		t->p.veto.level[0].is_on = true;
		t->p.veto.level[DEMAND_FULL - DEMAND_SEASONAL].is_on = false;
		demand_model_source(t->m, POLICY_NEAR, &from);
		if (from.fallback_level != DEMAND_SEASONAL)
			continue;
		assert_true(policy_views(&t->p, &t->s, t->m, used));
		assert_int_equal(demand_model_view_at(t->m, POLICY_NEAR, DEMAND_REACTIVE,
						      &reactive, NULL),
				 0);
		assert_true(used[POLICY_NEAR].mid == reactive.mid);
		n++;
	}
	assert_true(n > 0);
	tier_free(t);
	gsl_rng_free(r);
}

static void words_of(double ratio, uint64_t steps, const char *expected)
{
	const struct veto_reason why = { .steps = steps, .ratio = ratio };
	char text[128];

	assert_string_equal(veto_why(&why, STEP_MS, text, sizeof(text)), expected);
}

static void the_reason_is_in_words(void **state)
{
	(void)state;
	words_of(2.04, 15, "for 15 minutes demand was 2.0 times what was forecast");
	words_of(0.4, 22, "for 22 minutes 2.5 times the demand was forecast");
	words_of(1e6, 20,
		 "for 20 minutes there was demand where next to none was forecast");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_ordinary_day_vetoes_its_forecast),
		cmocka_unit_test(a_past_that_does_not_fit_is_vetoed_within_the_hour),
		cmocka_unit_test(what_is_vetoed_is_not_decided_on),
		cmocka_unit_test(what_is_less_than_an_instance_contradicts_nothing),
		cmocka_unit_test(the_level_in_force_is_left_whatever_is_above_it),
		cmocka_unit_test(seasonal_that_is_in_force_and_vetoed_is_not_decided_on),
		cmocka_unit_test(the_reason_is_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
