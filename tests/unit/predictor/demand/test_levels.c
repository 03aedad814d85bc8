/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand_fixture.h"

/* ---------------------------------------------------------------- little history */

/* What is never passed: the largest demand so far, risen by seven stated swings. */
static double bound(double top)
{
	return top * (1 + 7 * DEMAND_PRIOR_SWING) * (1 + 1e-6);
}

/* Feeds y and asks both lead times at each step; no quantile may pass the bound. */
static void assert_bounded(const double *y, size_t n)
{
	struct demand_opts o = opts();
	double top = 0, q;
	struct err e;

	o.step_ms = 60000;
	o.n_leads = 2;
	o.lead_steps[0] = 3;
	o.lead_steps[1] = 13;
	struct demand_model *m = fresh(&o);

	for (size_t i = 0; i < n; i++) {
		assert_ok(
			demand_model_update(m, MONDAY_MS + (int64_t)i * 60000, y[i], &e),
			&e);
		top = fmax(top, y[i]);
		for (size_t k = 0; k < o.n_leads; k++) {
			const struct demand_view v = view_of(m, k);
			const size_t needed =
				demand_view_instances(&v, CAPACITY, 1e9, NULL);

			assert_true((double)(needed - 1) * CAPACITY <= bound(top));
			assert_true(demand_view_over(&v, bound(top)) == 0);
			assert_ok(demand_model_quantile(m, k, 0.9999, &q, &e), &e);
			assert_true(q <= bound(top));
		}
	}
	demand_model_free(m);
}

static void the_first_minutes_of_a_service_foretell_no_tenfold(void **state)
{
	double y[120];
	struct noise z = { 41 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = fmin((double)i * 3, 100) * (1 + 0.1 * uniform(&z));
	assert_bounded(y, ARRAY_SIZE(y));
}

static void a_burst_after_nothing_foretells_no_tenfold(void **state)
{
	double y[600] = { 0 };

	(void)state;
	for (size_t i = 200; i < 230; i++)
		y[i] = 50;
	for (size_t i = 400; i < ARRAY_SIZE(y); i++)
		y[i] = 80;
	assert_bounded(y, ARRAY_SIZE(y));
}

static void nothing_foretells_nothing(void **state)
{
	const double y[100] = { 0 };

	(void)state;
	assert_bounded(y, ARRAY_SIZE(y));
}

static void one_spike_is_not_foretold_to_grow(void **state)
{
	double y[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = i == 40 ? 1000 : 100;
	assert_bounded(y, ARRAY_SIZE(y));
}

/* Twenty steps are enough to see that a demand is steady. */
static void a_constant_demand_is_soon_known_to_be_one(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *m = fresh(&o);

	(void)state;
	for (size_t i = 0; i < 20; i++)
		feed(m, i, 390);
	assert_in_range(wanted(m), 20, 21);
	demand_model_free(m);
}

/* ---------------------------------------------------------------- fallback levels */

static void the_fallback_level_has_its_reason(void **state)
{
	static const struct {
		enum demand_reason reason;
		double ratio;
		const char *words;
	} known[] = {
		{ DEMAND_NO_SAMPLE, 0, "no sample" },
		{ DEMAND_LITTLE_HISTORY, 0, "too little history" },
		{ DEMAND_YOUNG, 0, "less than two days of history" },
		{ DEMAND_BEST, 0, "more accurate than the simpler methods" },
		{ DEMAND_SEASON_IS_BETTER, 0, "less accurate than yesterday's rise" },
		{ DEMAND_LATEST_IS_BETTER, 0, "less accurate than the latest demand" },
		{ DEMAND_SHIFTED, 0.8, "the level shifted by +80 % at 14:32, and" },
		{ DEMAND_SHIFTED, INFINITY, "the level shifted from zero at 14:32" },
		{ DEMAND_SHIFT_FOLLOWED, -0.5,
		  "by -50 % at 14:32, and the model tracks it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct demand_source d = { .reason = known[i].reason,
						 .shift_ratio = known[i].ratio };
		char text[160];

		assert_non_null(strstr(demand_why(&d, "14:32", text, sizeof(text)),
				       known[i].words));
	}
}

static void a_level_shift_is_told_with_its_time_and_size_until_the_season_knows_it(
	void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	const size_t at = N + 140; /* at noon of the eleventh day */
	size_t told = 0, forgot = 0;
	struct demand_source d;

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 51);
	struct demand_model *m = trained(&o, y, N);

	for (size_t i = N; i < N + 4 * DAY; i++) {
		feed(m, i, y[i] * (i < at ? 1 : 1.8));
		demand_model_source(m, 0, &d);

		const bool shifted =
			d.reason == DEMAND_SHIFTED || d.reason == DEMAND_SHIFT_FOLLOWED;

		if (i < at)
			assert_false(shifted);
		if (shifted && !told) {
			told = i;
			assert_close((double)(d.shift_ms - MONDAY_MS) / STEP_MS,
				     (double)at, 5);
			assert_close(d.shift_ratio, 0.8, 0.1);
		}
		if (told && !shifted && !forgot)
			forgot = i;
	}
	/* Found within three hours, and over within the next days. */
	assert_in_range(told, at + 1, at + 36);
	assert_in_range(forgot, told + 1, at + 2 * DAY);
	demand_model_free(m);
}

/* Noise without a season, and twice as much of it: no model beats the latest demand by
 * what it believes of the past. */
static void a_model_that_does_worse_is_left_for_a_stated_reason(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	struct noise z = { 52 };
	size_t left = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = i < N ? 500 * (1 + 0.9 * sin(2 * M_PI * (double)i / DAY))
			     : 500 * (1 + 0.02 * uniform(&z));
	struct demand_model *m = trained(&o, y, N);

	for (size_t i = N; i < ARRAY_SIZE(y); i++) {
		struct demand_source d;

		feed(m, i, y[i]);
		demand_model_source(m, 0, &d);
		assert_true(
			(d.fallback_level == DEMAND_FULL) ==
			(d.reason == DEMAND_BEST || d.reason == DEMAND_SHIFT_FOLLOWED));
		left += d.fallback_level != DEMAND_FULL;
	}
	assert_true(left > DAY / 4);
	demand_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_minutes_of_a_service_foretell_no_tenfold),
		cmocka_unit_test(a_burst_after_nothing_foretells_no_tenfold),
		cmocka_unit_test(nothing_foretells_nothing),
		cmocka_unit_test(one_spike_is_not_foretold_to_grow),
		cmocka_unit_test(a_constant_demand_is_soon_known_to_be_one),
		cmocka_unit_test(the_fallback_level_has_its_reason),
		cmocka_unit_test(
			a_level_shift_is_told_with_its_time_and_size_until_the_season_knows_it),
		cmocka_unit_test(a_model_that_does_worse_is_left_for_a_stated_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
