/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET forecast as the daemon answers it. The calendar of this program is set forward to
 * two days after the next change to daylight saving in Stockholm.
 */
#include "daemon_fixture.h"

#include "calendar.h"

#include <math.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MINUTES 1440
#define YEAR_MS (365 * 24 * HOUR_MS)

static double minutes[28 * DAY_MINUTES];

static double noise(void)
{
	static unsigned seed = 3;

	seed = seed * 1664525u + 1013904223u;
	return (double)(seed >> 16) / 65536;
}

static void put_stack(struct house *h, const char *zone)
{
	CLEANUP(json_decref)
	json_t *files =
		json_pack("{s:s, s:s}", "stack.conf",
			  "[stack]\nname = shop\n[pool web]\ndriver = fake\n"
			  "[tier web]\nunit = web.service\n",
			  "units/web.service", "[Service]\nExecStart=/bin/true\n");
	CLEANUP(free) char *text = json_dumps(files, 0);
	const struct db_stack row = { .name = (char *)(uintptr_t) "shop",
				      .timezone = (char *)(uintptr_t)zone,
				      .text_json = text };
	struct err e;

	assert_ok(db_stack_put(h->f->db, &row, -1, NULL, &e), &e);
}

/* The last n minutes of the tier's demand. */
static void put_demand(struct house *h, size_t n)
{
	const int64_t now = clock_now_ms() / MINUTE_MS * MINUTE_MS;
	size_t added;
	struct err e;

	assert_ok(db_demand_import(h->f->db, "shop", "web", now - (int64_t)n * MINUTE_MS,
				   minutes, n, now, &added, &e),
		  &e);
}

static json_t *forecast(struct house *h, int64_t horizon_ms)
{
	json_t *doc = NULL;
	struct err e;

	assert_ok(h->hooks.forecast(&h->d, "shop", "web", horizon_ms, &doc, &e), &e);
	return doc;
}

static double quantile(const json_t *point, size_t k)
{
	return json_number_value(json_array_get(json_object_get(point, "q"), k));
}

static json_int_t period_of(const json_t *doc, size_t k)
{
	return json_integer_value(json_object_get(
		json_array_get(json_object_get(doc, "seasons"), k), "period_ms"));
}

static void a_forecast_needs_a_past(void **state)
{
	struct house *h = *state;
	json_t *doc = NULL;
	struct err e;

	put_stack(h, "UTC");
	assert_int_equal(h->hooks.forecast(&h->d, "shop", "web", 7200000, &doc, &e),
			 ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "shop/web: no demand has been recorded yet"));
}

static void a_past_gives_a_forecast_in_rising_quantiles(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *point;
	size_t i;

	put_stack(h, "UTC");
	for (size_t k = 0; k < 3 * DAY_MINUTES; k++)
		minutes[k] = 50 + 30 * sin((double)k * 2 * M_PI / DAY_MINUTES);
	put_demand(h, 3 * DAY_MINUTES);
	doc = forecast(h, 2 * HOUR_MS);
	assert_int_equal(json_array_size(json_object_get(doc, "levels")), 3);
	assert_int_equal(json_array_size(json_object_get(doc, "points")), 24);
	json_array_foreach(json_object_get(doc, "points"), i, point)
	{
		assert_true(quantile(point, 0) <= quantile(point, 1));
		assert_true(quantile(point, 1) <= quantile(point, 2));
		assert_in_range(quantile(point, 1), 10, 95);
	}
}

static void two_weeks_are_told_in_96_points(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *points;

	put_stack(h, "UTC");
	for (size_t k = 0; k < 3 * DAY_MINUTES; k++)
		minutes[k] = 50 + 30 * sin((double)k * 2 * M_PI / DAY_MINUTES);
	put_demand(h, 3 * DAY_MINUTES);
	doc = forecast(h, 14 * 24 * HOUR_MS);
	points = json_object_get(doc, "points");
	assert_int_equal(json_array_size(points), 96);
	assert_int_equal(json_integer_value(json_object_get(doc, "step_ms")),
			 210 * MINUTE_MS);
}

/* A working day of the zone's clock, over a change: in UTC it would be an hour off. */
static void the_forecast_follows_the_clock_of_the_stack(void **state)
{
	struct house *h = *state;
	const int64_t now = clock_now_ms() / MINUTE_MS * MINUTE_MS;
	CLEANUP(tz_free) struct tz *z = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *point;
	size_t i;
	struct err e;

	put_stack(h, "Europe/Stockholm");
	assert_ok(tz_open("Europe/Stockholm", &z, &e), &e);
	for (size_t k = 0; k < ARRAY_SIZE(minutes); k++) {
		struct tz_civil c;

		tz_civil(z, now - (int64_t)(ARRAY_SIZE(minutes) - k) * MINUTE_MS, &c);
		minutes[k] = (c.minute >= 480 && c.minute < 1200 ? 100 : 20) + noise();
	}
	put_demand(h, ARRAY_SIZE(minutes));
	doc = forecast(h, 48 * HOUR_MS);
	json_array_foreach(json_object_get(doc, "points"), i, point)
	{
		struct tz_civil c;
		int64_t t;

		assert_ok(clock_parse(json_string_value(json_object_get(point, "t")), &t,
				      &e),
			  &e);
		tz_civil(z, t, &c);
		assert_int_equal(quantile(point, 1) > 60,
				 c.minute >= 480 && c.minute < 1200);
	}
	assert_int_equal(period_of(doc, 0), 24 * HOUR_MS);
}

static void seasons_other_than_a_day_are_found_and_reported(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *season;

	put_stack(h, "UTC");
	for (size_t k = 0; k < 10 * DAY_MINUTES; k++)
		minutes[k] = 50 + 30 * sin((double)k * 2 * M_PI / 90) + 10 * noise();
	put_demand(h, 10 * DAY_MINUTES);
	doc = forecast(h, 2 * HOUR_MS);
	assert_int_equal(json_array_size(json_object_get(doc, "seasons")), 1);
	assert_int_equal(period_of(doc, 0), 90 * MINUTE_MS);
	season = json_array_get(json_object_get(doc, "seasons"), 0);
	assert_true(json_number_value(json_object_get(season, "correlation")) > 0.8);
}

static void without_a_season_there_is_none(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	put_stack(h, "UTC");
	for (size_t k = 0; k < DAY_MINUTES; k++)
		minutes[k] = 50;
	put_demand(h, DAY_MINUTES);
	doc = forecast(h, 2 * HOUR_MS);
	assert_true(json_is_array(json_object_get(doc, "seasons")));
	assert_int_equal(json_array_size(json_object_get(doc, "seasons")), 0);
}

/* Two days after the next change to summer time. Ten years of a clock that is a little
 * too fast make the difference: by now it goes almost as it should. */
static void set_calendar(void)
{
	CLEANUP(tz_free) struct tz *z = NULL;
	const int64_t wall = clock_wall_ms();
	int64_t then = wall;

	CHECK(tz_open("Europe/Stockholm", &z, NULL) == 0);
	while (tz_offset_ms(z, then) >= tz_offset_ms(z, then + HOUR_MS))
		then += HOUR_MS;
	then += 48 * HOUR_MS;
	clock_set_scale(1 + (double)(then - wall) / (double)(10 * YEAR_MS),
			wall - 10 * YEAR_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(a_forecast_needs_a_past),
		HOUSE_TEST(a_past_gives_a_forecast_in_rising_quantiles),
		HOUSE_TEST(two_weeks_are_told_in_96_points),
		HOUSE_TEST(the_forecast_follows_the_clock_of_the_stack),
		HOUSE_TEST(seasons_other_than_a_day_are_found_and_reported),
		HOUSE_TEST(without_a_season_there_is_none),
	};

	set_calendar();
	return cmocka_run_group_tests_name("hooks_forecast", tests, NULL, NULL);
}
