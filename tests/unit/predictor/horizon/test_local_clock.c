/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A series on the clock of its zone, and the forecast that follows that clock. */
#include "clock.h"
#include "local_clock.h"
#include "outlook.h"

#include "check.h"
#include "test.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define MAX_STEPS 4100

/* Stockholm's clock in 2026: put forward and back at these times. Lord Howe's likewise,
 * by half an hour. */
#define SPRING "2026-03-29T01:00:00Z"
#define AUTUMN "2026-10-25T01:00:00Z"
#define LORD_HOWE_SPRING "2026-10-03T15:30:00Z"
#define LORD_HOWE_AUTUMN "2026-04-04T15:00:00Z"

static const double levels[] = { 0.1, 0.5, 0.9 };
static double y[MAX_STEPS];

static int64_t at(const char *text)
{
	int64_t ms = 0;
	struct err e;

	assert_ok(clock_parse(text, &ms, &e), &e);
	return ms;
}

static struct tz *zone(const char *name)
{
	struct tz *z = NULL;
	struct err e;

	assert_ok(tz_open(name, &z, &e), &e);
	return z;
}

/* The series that counts its steps. */
static struct uplift_series counting(const struct tz *z, int64_t t0_ms, int64_t step_ms,
				     size_t n)
{
	assert_true(n <= MAX_STEPS);
	for (size_t i = 0; i < n; i++)
		y[i] = (double)i;
	return (struct uplift_series){ y, n, t0_ms, step_ms, z };
}

/* 100 by day, which begins at 08:00 and ends at 20:00 of the zone's clock, and 20. */
static struct uplift_series working_day(const struct tz *z, int64_t end_ms,
					int64_t step_ms, size_t n)
{
	const struct uplift_series s = { y, n, end_ms - (int64_t)n * step_ms, step_ms,
					 z };
	unsigned seed = 5;

	assert_true(n <= MAX_STEPS);
	for (size_t i = 0; i < n; i++) {
		struct tz_civil c;

		tz_civil(z, s.t0_ms + (int64_t)i * step_ms, &c);
		seed = seed * 1664525u + 1013904223u;
		y[i] = (c.minute >= 480 && c.minute < 1200 ? 100 : 20) +
		       (double)(seed >> 16) / 65536;
	}
	return s;
}

/* ---------------------------------------------------------------- the clock */

static void an_hour_that_is_skipped_is_missing(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	CLEANUP(local_clock_done) struct local_clock c = { 0 };
	const struct uplift_series s =
		counting(z, at(SPRING) - 2 * HOUR_MS, HOUR_MS / 2, 8);

	(void)state;
	local_clock_lay(&s, 2, &c);
	assert_int_equal(c.n, 10);
	assert_close(c.y[3], 3, 0); /* 01:30 */
	assert_true(isnan(c.y[4]) && isnan(c.y[5]));
	assert_close(c.y[6], 4, 0); /* 03:00 */
	assert_close(c.y[9], 7, 0);
	assert_int_equal(c.h, 2);
	assert_int_equal(c.at[0], 0);
	assert_int_equal(c.at[1], 1);
}

static void an_hour_that_comes_twice_is_the_mean_of_both(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	CLEANUP(local_clock_done) struct local_clock c = { 0 };
	/* From 02:00 summer time, half an hour each: 02:00 02:30 02:00 02:30 03:00. */
	struct uplift_series s = counting(z, at(AUTUMN) - HOUR_MS, HOUR_MS / 2, 5);

	(void)state;
	y[3] = NAN; /* of which one is missing */
	local_clock_lay(&s, 3, &c);
	assert_int_equal(c.n, 3);
	assert_close(c.y[0], 1, 0);
	assert_close(c.y[1], 1, 0);
	assert_close(c.y[2], 4, 0);
	assert_int_equal(c.h, 3);
}

static void ahead_a_skipped_hour_is_left_out_and_a_repeated_one_told_twice(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	CLEANUP(local_clock_done) struct local_clock spring = { 0 };
	CLEANUP(local_clock_done) struct local_clock autumn = { 0 };
	struct uplift_series s = counting(z, at(SPRING) - 9 * HOUR_MS, HOUR_MS, 8);

	(void)state;
	local_clock_lay(&s, 3, &spring);
	assert_int_equal(spring.n, 8);
	assert_int_equal(spring.h, 4); /* 01:00 02:00 03:00 04:00 */
	assert_int_equal(spring.at[0], 0);
	assert_int_equal(spring.at[1], 2);
	assert_int_equal(spring.at[2], 3);

	s = counting(z, at(AUTUMN) - 10 * HOUR_MS, HOUR_MS, 8);
	local_clock_lay(&s, 4, &autumn);
	assert_int_equal(autumn.n, 8);
	assert_int_equal(autumn.h, 3); /* 01:00 02:00 03:00 */
	assert_int_equal(autumn.at[0], 0);
	assert_int_equal(autumn.at[1], 1);
	assert_int_equal(autumn.at[2], 1);
	assert_int_equal(autumn.at[3], 2);
}

/* Wherever the series ends around a change, all that is ahead is told, from what was. */
static void a_change_may_come_at_any_time(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	static const char *const changes[] = { SPRING, AUTUMN };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
		for (int64_t end = -18; end <= 18; end++) {
			const int64_t end_ms = at(changes[k]) + end * 5 * MINUTE_MS;
			const struct uplift_series s =
				counting(z, end_ms - DAY_MS, 5 * MINUTE_MS, 288);
			CLEANUP(local_clock_done) struct local_clock c = { 0 };

			local_clock_lay(&s, 48, &c);
			assert_in_range(c.n, 288 - 24, 288 + 12);
			assert_false(isnan(c.y[c.n - 1]));
			for (size_t j = 0; j < 48; j++) {
				const int64_t t = end_ms + (int64_t)j * 5 * MINUTE_MS;
				const int64_t first = s.t0_ms;

				assert_true(c.at[j] < c.h);
				assert_int_equal((int64_t)(c.n + c.at[j]) * 5 * MINUTE_MS,
						 t + tz_offset_ms(z, t) - first -
							 tz_offset_ms(z, first));
			}
		}
	}
}

static void lord_howe_moves_by_half_an_hour(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Australia/Lord_Howe");
	CLEANUP(local_clock_done) struct local_clock spring = { 0 };
	CLEANUP(local_clock_done) struct local_clock autumn = { 0 };
	struct uplift_series s =
		counting(z, at(LORD_HOWE_SPRING) - HOUR_MS, HOUR_MS / 2, 4);

	(void)state;
	local_clock_lay(&s, 1, &spring);
	assert_int_equal(spring.n, 5);
	assert_true(isnan(spring.y[2]));
	assert_close(spring.y[3], 2, 0);
	s = counting(z, at(LORD_HOWE_AUTUMN) - HOUR_MS, HOUR_MS / 2, 4);
	local_clock_lay(&s, 1, &autumn);
	assert_int_equal(autumn.n, 3);
	assert_close(autumn.y[1], 1.5, 0);
	assert_close(autumn.y[2], 3, 0);
}

static void assert_as_it_is(const struct uplift_series *s, size_t h)
{
	CLEANUP(local_clock_done) struct local_clock c = { 0 };

	local_clock_lay(s, h, &c);
	assert_int_equal(c.n, s->n);
	assert_memory_equal(c.y, s->y, s->n * sizeof(double));
	assert_int_equal(c.h, h);
	for (size_t j = 0; j < h; j++)
		assert_int_equal(c.at[j], j);
}

static void what_a_change_does_not_fit_is_left_as_it_is(void **state)
{
	CLEANUP(tz_free) struct tz *stockholm = zone("Europe/Stockholm");
	CLEANUP(tz_free) struct tz *howe = zone("Australia/Lord_Howe");
	struct uplift_series s = counting(NULL, at(SPRING) - DAY_MS, HOUR_MS, 48);

	(void)state;
	assert_as_it_is(&s, 24); /* UTC */
	s.zone = stockholm;
	s.t0_ms = at("2026-06-01T00:00:00Z");
	assert_as_it_is(&s, 24); /* no change */
	s.zone = howe;
	s.t0_ms = at(LORD_HOWE_SPRING) - DAY_MS - HOUR_MS / 2;
	assert_as_it_is(&s, 24); /* a change of half a step */
	s.zone = stockholm;
	s.step_ms = DAY_MS;
	assert_as_it_is(&s, 60); /* steps longer than the change */
	s = counting(stockholm, at(AUTUMN) - HOUR_MS / 2, 5 * MINUTE_MS, 6);
	assert_as_it_is(&s, 6); /* all of it comes again */
}

/* ---------------------------------------------------------------- the forecast */

/* The median of the forecast changes sides at 08:00 and 20:00 of the zone's clock. */
static void assert_follows_the_clock(const struct uplift_series *s, size_t h)
{
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	assert_ok(outlook_make(s, h, levels, ARRAY_SIZE(levels), &o, &e), &e);
	assert_int_equal(o.f->h, h);
	assert_int_equal(o.n_seasons, 1);
	assert_int_equal((int64_t)o.seasons[0].steps * s->step_ms, DAY_MS);
	for (size_t j = 0; j < h; j++) {
		const int64_t t = s->t0_ms + (int64_t)(s->n + j) * s->step_ms;
		struct tz_civil c;

		tz_civil(s->zone, t, &c);
		if ((o.f->q[h + j] > 60) != (c.minute >= 480 && c.minute < 1200))
			fail_msg("at %d:%02d of day %d it is %g", c.minute / 60,
				 c.minute % 60, c.day, o.f->q[h + j]);
	}
}

/* From two days before a change to eight after it; the forecast is of two days. */
static void follow(const char *name, const char *change, int64_t step_ms)
{
	CLEANUP(tz_free) struct tz *z = zone(name);

	for (int64_t hours = -36; hours <= 8 * 24; hours += 19) {
		const struct uplift_series s =
			working_day(z, at(change) + hours * HOUR_MS, step_ms,
				    (size_t)(20 * DAY_MS / step_ms));

		assert_follows_the_clock(&s, (size_t)(2 * DAY_MS / step_ms));
	}
}

static void after_the_spring_change_the_day_begins_at_eight(void **state)
{
	(void)state;
	follow("Europe/Stockholm", SPRING, HOUR_MS / 2);
}

static void after_the_autumn_change_the_day_begins_at_eight(void **state)
{
	(void)state;
	follow("Europe/Stockholm", AUTUMN, HOUR_MS / 2);
}

static void on_lord_howe_the_day_begins_at_eight(void **state)
{
	(void)state;
	follow("Australia/Lord_Howe", LORD_HOWE_SPRING, HOUR_MS / 2);
	follow("Australia/Lord_Howe", LORD_HOWE_AUTUMN, HOUR_MS / 2);
}

static void in_utc_the_forecast_is_that_of_horizon(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("UTC");
	const struct uplift_series s =
		working_day(z, at(SPRING) + DAY_MS, HOUR_MS, 21 * 24);
	const struct horizon_opts opts = {
		.h = 48, .seasons = { 24, 168 }, .levels = levels, .n_levels = 3
	};
	CLEANUP(horizon_free) struct horizon *f = NULL;
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	(void)state;
	assert_ok(horizon_forecast(y, s.n, &opts, &f, &e), &e);
	assert_ok(outlook_make(&s, 48, levels, 3, &o, &e), &e);
	assert_memory_equal(o.f->mean, f->mean, 48 * sizeof(double));
	assert_memory_equal(o.f->q, f->q, 3 * 48 * sizeof(double));
	assert_string_equal(o.f->method, f->method);
}

/* ---------------------------------------------------------------- seasons */

static void before_three_days_a_day_is_assumed(void **state)
{
	const struct uplift_series s =
		working_day(NULL, at("2026-06-10T00:00:00Z"), HOUR_MS, 60);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	(void)state;
	assert_ok(outlook_make(&s, 24, levels, 3, &o, &e), &e);
	assert_int_equal(o.n_seasons, 0);
	assert_true(o.assumes_day);
	assert_true(o.f->mean[3] < 60 && o.f->mean[12] > 60);
}

static void a_season_of_ninety_minutes_is_found_beside_the_day(void **state)
{
	struct uplift_series s =
		working_day(NULL, at("2026-06-10T00:00:00Z"), 5 * MINUTE_MS, 14 * 288);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < s.n; i++)
		y[i] += i % 18 < 4 ? 60 : 0;
	assert_ok(outlook_make(&s, 24, levels, 3, &o, &e), &e);
	assert_int_equal(o.n_seasons, 2);
	assert_int_equal(o.seasons[0].steps, 18);
	assert_int_equal(o.seasons[1].steps, 288);
	assert_true(o.seasons[0].correlation > 0.5);
}

/* Work of each hour is the clearer season, and the day goes on by the clock. */
static void a_day_beside_a_clearer_season_follows_the_clock(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	struct uplift_series s =
		working_day(z, at(SPRING) + DAY_MS, 5 * MINUTE_MS, 14 * 288);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < s.n; i++)
		y[i] += i % 12 < 6 ? 200 : 0;
	assert_ok(outlook_make(&s, 288, levels, 3, &o, &e), &e);
	assert_int_equal(o.n_seasons, 2);
	assert_int_equal(o.seasons[0].steps, 12);
	assert_int_equal(o.seasons[1].steps, 288);
	for (size_t j = 0; j < 288; j++) {
		const double middle = (s.n + j) % 12 < 6 ? 260 : 60;
		struct tz_civil c;

		tz_civil(z, s.t0_ms + (int64_t)(s.n + j) * s.step_ms, &c);
		assert_int_equal(o.f->q[288 + j] > middle,
				 c.minute >= 480 && c.minute < 1200);
	}
}

/* A machine does not put its clock forward. */
static void a_season_that_is_no_day_is_not_moved(void **state)
{
	CLEANUP(tz_free) struct tz *z = zone("Europe/Stockholm");
	struct uplift_series s =
		working_day(z, at(SPRING) + DAY_MS, 5 * MINUTE_MS, 10 * 288);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < s.n; i++)
		y[i] = (i % 18 < 9 ? 60 : 20) + fmod(y[i], 1);
	assert_ok(outlook_make(&s, 36, levels, 3, &o, &e), &e);
	assert_int_equal(o.n_seasons, 1);
	assert_int_equal(o.seasons[0].steps, 18);
	for (size_t j = 0; j < 36; j++)
		assert_int_equal(o.f->q[36 + j] > 40, (s.n + j) % 18 < 9);
}

static void a_forecast_of_too_many_steps_is_refused(void **state)
{
	const struct uplift_series s = counting(NULL, 0, HOUR_MS, 100);
	struct outlook o;
	struct err e;

	(void)state;
	assert_int_equal(outlook_make(&s, 0, levels, 3, &o, &e), ERR_INVAL);
	assert_int_equal(outlook_make(&s, (size_t)1 << 50, levels, 3, &o, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "steps ahead are not 1 to 21600"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_that_is_skipped_is_missing),
		cmocka_unit_test(an_hour_that_comes_twice_is_the_mean_of_both),
		cmocka_unit_test(
			ahead_a_skipped_hour_is_left_out_and_a_repeated_one_told_twice),
		cmocka_unit_test(a_change_may_come_at_any_time),
		cmocka_unit_test(lord_howe_moves_by_half_an_hour),
		cmocka_unit_test(what_a_change_does_not_fit_is_left_as_it_is),
		cmocka_unit_test(after_the_spring_change_the_day_begins_at_eight),
		cmocka_unit_test(after_the_autumn_change_the_day_begins_at_eight),
		cmocka_unit_test(on_lord_howe_the_day_begins_at_eight),
		cmocka_unit_test(in_utc_the_forecast_is_that_of_horizon),
		cmocka_unit_test(before_three_days_a_day_is_assumed),
		cmocka_unit_test(a_season_of_ninety_minutes_is_found_beside_the_day),
		cmocka_unit_test(a_day_beside_a_clearer_season_follows_the_clock),
		cmocka_unit_test(a_season_that_is_no_day_is_not_moved),
		cmocka_unit_test(a_forecast_of_too_many_steps_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
