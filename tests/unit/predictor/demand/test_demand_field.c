/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand_fixture.h"

/* ---------------------------------------------------------------- data of the field */

static void gaps_are_filled_counted_and_survived(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;

	(void)state;
	make_days(y, N, 0, 7);
	struct demand_model *a = trained(&o, y, N - 200), *b = trained(&o, y, N - 200);

	for (size_t i = N - 200; i < N; i++) {
		feed(a, i, y[i]);
		if (i < N - 150 || i >= N - 120)
			feed(b, i, y[i]);
	}
	demand_model_stats(b, &s);
	assert_int_equal(s.missing, 30);
	assert_int_equal(s.steps, N);
	assert_close((double)wanted(b), (double)wanted(a), 0.1 * (double)wanted(a) + 1);
	demand_model_free(a);
	demand_model_free(b);
}

static void a_gap_of_a_year_ends_at_once(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;

	(void)state;
	make_days(y, N, 0, 8);
	struct demand_model *m = trained(&o, y, N);

	feed(m, N + 365 * DAY, 300);
	demand_model_stats(m, &s);
	assert_int_equal(s.missing, 365 * DAY);
	assert_true(wanted(m) >= 15 && wanted(m) < 500);
	demand_model_free(m);
}

static void missing_values_in_history_are_no_zeros(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 9);
	struct demand_model *a = trained(&o, y, N);

	for (size_t i = 0; i < N; i += 7)
		y[i] = NAN;
	y[1] = NAN;
	struct demand_model *b = trained(&o, y, N);

	assert_close((double)wanted(b), (double)wanted(a), 0.2 * (double)wanted(a) + 1);
	demand_model_free(a);
	demand_model_free(b);
}

static void late_and_duplicate_samples_are_counted_and_dropped(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;
	struct err e;

	(void)state;
	make_days(y, N, 0, 10);
	struct demand_model *m = trained(&o, y, N);
	const size_t before = wanted(m);

	feed(m, N - 1, 1e9);
	feed(m, N - 20, 1e9);
	/* A sampler's jitter is neither. */
	assert_ok(demand_model_update(m, MONDAY_MS + (int64_t)N * STEP_MS + 40000, y[0],
				      &e),
		  &e);
	feed(m, N + 1, y[1]);
	demand_model_stats(m, &s);
	assert_int_equal(s.duplicates, 1);
	assert_int_equal(s.late, 1);
	assert_int_equal(s.missing, 0);
	assert_true(wanted(m) < 3 * before);
	demand_model_free(m);
}

static void what_is_no_demand_is_refused_and_changes_nothing(void **state)
{
	static double y[N];
	static const double bad[] = { -1, INFINITY, -INFINITY, NAN, 1e31 };
	const struct demand_opts o = opts();
	struct err e;

	(void)state;
	make_days(y, N, 0, 11);
	struct demand_model *a = trained(&o, y, N), *b = trained(&o, y, N);

	for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
		assert_int_equal(demand_model_update(b, MONDAY_MS + (int64_t)N * STEP_MS,
						     bad[k], &e),
				 ERR_INVAL);
	assert_same_bytes(a, b);
	y[77] = -3;
	struct demand_model *c = fresh(&o);

	assert_int_equal(demand_model_train(c, y, N, MONDAY_MS, NULL, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "77"));
	demand_model_free(a);
	demand_model_free(b);
	demand_model_free(c);
}

static void a_zero_series_needs_one_instance(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	struct demand_model *m = trained(&o, y, N);

	assert_int_equal(wanted(m), 1);
	feed(m, N, 400);
	assert_true(wanted(m) < 2000);
	demand_model_free(m);
}

static void a_constant_series_needs_just_that(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	for (size_t i = 0; i < N; i++)
		y[i] = 390;
	struct demand_model *m = trained(&o, y, N);

	assert_int_equal(wanted(m), 20);
	demand_model_free(m);
}

static void a_level_shift_is_followed_and_not_overdone(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 12);
	struct demand_model *m = trained(&o, y, N - DAY);

	for (size_t i = N - DAY; i < N; i++)
		feed(m, i, 4 * y[i]);
	assert_true(20.0 * (double)wanted(m) >= 4 * y[N - 1]);
	assert_true(20.0 * (double)wanted(m) < 8 * 4 * y[N - 1]);
	demand_model_free(m);
}

static void without_history_it_says_so_and_holds_a_stated_swing(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *m = fresh(&o);
	double q;
	struct err e;

	(void)state;
	assert_int_equal(source_of(m).reason, DEMAND_NO_SAMPLE);
	assert_int_equal(demand_model_quantile(m, 0, 0.9, &q, &e), ERR_NOT_FOUND);
	assert_ok(demand_model_train(m, NULL, 0, MONDAY_MS, NULL, &e), &e);
	feed(m, 0, 1000);
	assert_int_equal(source_of(m).fallback_level, DEMAND_REACTIVE);
	assert_int_equal(source_of(m).reason, DEMAND_LITTLE_HISTORY);
	assert_close(demand_model_latest(m), 1000, 0);
	assert_true(wanted(m) > 50 && wanted(m) < 150);
	demand_model_free(m);
}

static void any_step_from_seconds_to_a_day_works(void **state)
{
	static const int64_t steps[] = { 1000, 10000, 60000, 1800000, 3600000, 86400000 };
	struct demand_opts o = opts();

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
		struct noise z = { 9 };

		o.step_ms = steps[k];
		struct demand_model *m = fresh(&o);

		for (size_t i = 0; i < 500; i++) {
			struct err e;

			assert_ok(demand_model_update(m,
						      MONDAY_MS + (int64_t)i * steps[k],
						      500 + 20 * uniform(&z), &e),
				  &e);
		}
		assert_true(wanted(m) >= 25 && wanted(m) < 32);
		demand_model_free(m);
	}
}

static void no_lead_time_is_a_lead_time_too(void **state)
{
	static double y[N];
	struct demand_opts o = opts();

	(void)state;
	o.lead_steps[0] = 0;
	make_days(y, N, 0, 13);
	struct demand_model *m = trained(&o, y, N);

	assert_true(20.0 * (double)wanted(m) >= y[N - 1]);
	demand_model_free(m);
}

/* Clocks go back an hour: people come at the same hour of the clock, an hour later. */
static void seasons_follow_the_clock_over_daylight_saving(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	double miss[2] = { 0 };

	(void)state;
	make_days(y, N, 0, 14);
	make_days(y + N, N, 12, 15);
	for (int told = 0; told < 2; told++) {
		struct demand_model *m = fresh(&o);
		struct err e;

		demand_model_set_offset(m, 7200);
		assert_ok(demand_model_train(m, y, N, MONDAY_MS, NULL, &e), &e);
		if (told)
			demand_model_set_offset(m, 3600);
		for (size_t i = N; i < N + DAY; i++) {
			struct demand_view v;

			feed(m, i, y[i]);
			v = view_of(m, 0);
			miss[told] += fabs(demand_view_quantile(&v, 0.5) -
					   fmax(fmax(y[i + 1], y[i + 2]), y[i + 3]));
		}
		demand_model_free(m);
	}
	assert_true(miss[1] < 0.6 * miss[0]);
}

/* The same in spring: an hour is missing, and people come an hour earlier. */
static void no_hour_is_missed_when_clocks_go_forward(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	size_t is_short[2] = { 0 };

	(void)state;
	make_days(y, N, 12, 16);
	make_days(y + N, N, 0, 17);
	for (int told = 0; told < 2; told++) {
		struct demand_model *m = fresh(&o);
		struct demand_stats s;
		struct err e;

		demand_model_set_offset(m, 3600);
		assert_ok(demand_model_train(m, y, N, MONDAY_MS, NULL, &e), &e);
		if (told)
			demand_model_set_offset(m, 7200);
		for (size_t i = N; i < N + 100; i++) {
			const double top = fmax(fmax(y[i + 1], y[i + 2]), y[i + 3]);

			feed(m, i, y[i]);
			is_short[told] += top > 20.0 * (double)wanted(m);
		}
		demand_model_stats(m, &s);
		assert_int_equal(s.missing + s.duplicates + s.late, 0);
		demand_model_free(m);
	}
	assert_int_equal(is_short[1], 0);
	assert_true(is_short[0] > 0);
}

/* Nothing from 20:00 to 08:00, then at once a thousand. */
static void closed_hours_are_zeros_and_the_opening_is_seen_to_come(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	size_t openings = 0, idle = 0;

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 18);
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = i % DAY >= 96 && i % DAY < 240 ? y[i] : 0;
	struct demand_model *m = trained(&o, y, N);

	for (size_t i = N; i < N + 5 * DAY; i++) {
		feed(m, i, y[i]);
		if (i % DAY == 93) /* three steps ahead, a lead time */
			openings += 20.0 * (double)wanted(m) >= 0.95 * y[i + 3];
		if (i % DAY > 280 || i % DAY < 60)
			idle += wanted(m) <= 2;
	}
	assert_int_equal(openings, 5);
	assert_true(idle > 5 * 60);
	demand_model_free(m);
}

static void days_without_a_week_of_history_teach_the_day(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 19);
	/* To a lead time before the fourth opening. */
	struct demand_model *m = trained(&o, y, 3 * DAY + 94);

	assert_true(20.0 * (double)wanted(m) >= y[3 * DAY + 96]);
	demand_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_filled_counted_and_survived),
		cmocka_unit_test(a_gap_of_a_year_ends_at_once),
		cmocka_unit_test(missing_values_in_history_are_no_zeros),
		cmocka_unit_test(late_and_duplicate_samples_are_counted_and_dropped),
		cmocka_unit_test(what_is_no_demand_is_refused_and_changes_nothing),
		cmocka_unit_test(a_zero_series_needs_one_instance),
		cmocka_unit_test(a_constant_series_needs_just_that),
		cmocka_unit_test(a_level_shift_is_followed_and_not_overdone),
		cmocka_unit_test(without_history_it_says_so_and_holds_a_stated_swing),
		cmocka_unit_test(any_step_from_seconds_to_a_day_works),
		cmocka_unit_test(no_lead_time_is_a_lead_time_too),
		cmocka_unit_test(seasons_follow_the_clock_over_daylight_saving),
		cmocka_unit_test(no_hour_is_missed_when_clocks_go_forward),
		cmocka_unit_test(closed_hours_are_zeros_and_the_opening_is_seen_to_come),
		cmocka_unit_test(days_without_a_week_of_history_teach_the_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
