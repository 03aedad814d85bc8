/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "clock.h"
#include "schedule.h"
#include "text.h"

#include <string.h>

static struct tz *zone(const char *name)
{
	struct tz *z = NULL;
	struct err e;

	assert_ok(tz_open(name, &z, &e), &e);
	return z;
}

static int64_t at(const char *text)
{
	int64_t ms = 0;
	struct err e;

	assert_ok(clock_parse(text, &ms, &e), &e);
	return ms;
}

static void offsets_follow_daylight_saving(void **state)
{
	static const struct {
		const char *zone, *time;
		int minutes;
	} cases[] = {
		{ "UTC", "2026-07-01T00:00:00Z", 0 },
		{ "", "2026-07-01T00:00:00Z", 0 },
		{ "Europe/Stockholm", "2026-03-29T00:59:59Z", 60 },
		{ "Europe/Stockholm", "2026-03-29T01:00:00Z", 120 },
		{ "Europe/Stockholm", "2026-10-25T00:59:59Z", 120 },
		{ "Europe/Stockholm", "2026-10-25T01:00:00Z", 60 },
		{ "Europe/Stockholm", "2096-07-01T00:00:00Z", 120 },
		{ "Europe/Stockholm", "2096-12-01T00:00:00Z", 60 },
		{ "America/New_York", "2026-03-08T06:59:59Z", -300 },
		{ "America/New_York", "2026-03-08T07:00:00Z", -240 },
		{ "America/New_York", "2060-11-07T05:59:59Z", -240 },
		{ "America/New_York", "2060-11-07T06:00:00Z", -300 },
		{ "Australia/Sydney", "2026-01-15T00:00:00Z", 660 },
		{ "Australia/Sydney", "2026-06-15T00:00:00Z", 600 },
		{ "Australia/Sydney", "2071-01-15T00:00:00Z", 660 },
		{ "Australia/Lord_Howe", "2026-01-15T00:00:00Z", 660 },
		{ "Australia/Lord_Howe", "2026-06-15T00:00:00Z", 630 },
		{ "Asia/Kolkata", "2026-06-15T00:00:00Z", 330 },
		{ "Asia/Kathmandu", "2050-06-15T00:00:00Z", 345 },
		{ "America/St_Johns", "2026-07-01T00:00:00Z", -150 },
		{ "Pacific/Kiritimati", "2026-07-01T00:00:00Z", 840 },
		{ "Europe/Stockholm", "1975-07-01T00:00:00Z", 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(tz_free) struct tz *z = zone(cases[i].zone);
		int64_t got = tz_offset_ms(z, at(cases[i].time));

		if (got != cases[i].minutes * INT64_C(60000))
			fail_msg("%s at %s: %lld minutes", cases[i].zone, cases[i].time,
				 (long long)got / 60000);
	}
	assert_int_equal(tz_offset_ms(NULL, 0), 0);
}

static void wrong_zones_are_refused(void **state)
{
	static const char *const names[] = { "Europe/Atlantis", "../passwd",
					     "/etc/passwd",     "Europe/../UTC",
					     "Europe",          "+1" };
	struct tz *z = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (tz_open(names[i], &z, &e) == 0)
			fail_msg("'%s' was opened", names[i]);
	assert_int_equal(tz_open("Europe/Atlantis", &z, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "Europe/Atlantis"));
	assert_int_equal(tz_parse("TZif2", 5, &z, &e), ERR_PROTO);
	assert_null(z);
}

static void dates_are_right(void **state)
{
	const struct {
		int64_t ms;
		int year, month, day, weekday, minute;
	} cases[] = {
		{ at("1970-01-01T00:00:00Z"), 1970, 1, 1, 3, 0 },
		{ at("2024-02-29T23:59:59Z"), 2024, 2, 29, 3, 1439 },
		{ at("2026-11-22T15:30:00Z"), 2026, 11, 22, 6, 930 },
		{ at("2100-03-01T00:01:00Z"), 2100, 3, 1, 0, 1 },
		{ -3600000, 1969, 12, 31, 2, 1380 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tz_civil c;

		tz_civil(NULL, cases[i].ms, &c);
		assert_int_equal(c.year, cases[i].year);
		assert_int_equal(c.month, cases[i].month);
		assert_int_equal(c.day, cases[i].day);
		assert_int_equal(c.weekday, cases[i].weekday);
		assert_int_equal(c.minute, cases[i].minute);
		assert_int_equal(tz_day_number(c.year, c.month, c.day), c.day_number);
	}
}

static struct calendar_bounds bounds(const char *rules, const char *zone_name,
				     const char *time, int64_t ahead_ms)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	CLEANUP(json_decref) json_t *list = json_loads(rules, 0, NULL);
	CLEANUP(tz_free) struct tz *z = zone(zone_name);
	struct calendar_bounds b;
	struct err e;

	assert_ok(calendar_parse(list, &c, &e), &e);
	calendar_bounds(&c, z, at(time), ahead_ms, &b);
	b.floor_name = b.ceiling_name = NULL;
	return b;
}

static void rules_hold_by_the_local_clock(void **state)
{
	static const struct {
		const char *rules, *time;
		int64_t floor, ceiling;
	} cases[] = {
		/* 2026-11-23 is a Monday; Stockholm is UTC+1 then, UTC+2 in July. */
		{ "[\"a: mon-fri 08:00-18:00 min=3 max=10\"]", "2026-11-23T06:59:59Z", -1,
		  -1 },
		{ "[\"a: mon-fri 08:00-18:00 min=3 max=10\"]", "2026-11-23T07:00:00Z", 3,
		  10 },
		{ "[\"a: mon-fri 08:00-18:00 min=3 max=10\"]", "2026-07-20T06:00:00Z", 3,
		  10 },
		{ "[\"a: mon-fri 08:00-18:00 min=3 max=10\"]", "2026-11-23T17:00:00Z", -1,
		  -1 },
		{ "[\"a: mon-fri 08:00-18:00 min=3 max=10\"]", "2026-11-22T12:00:00Z", -1,
		  -1 },
		{ "[\"n: sat 22:00-06:00 max=4\"]", "2026-11-21T21:00:00Z", -1, 4 },
		{ "[\"n: sat 22:00-06:00 max=4\"]", "2026-11-22T04:59:00Z", -1, 4 },
		{ "[\"n: sat 22:00-06:00 max=4\"]", "2026-11-22T05:00:00Z", -1, -1 },
		{ "[\"n: sat 22:00-06:00 max=4\"]", "2026-11-22T21:30:00Z", -1, -1 },
		{ "[\"x: 2026-12-24..2026-12-26 min=20\"]", "2026-12-23T22:59:00Z", -1,
		  -1 },
		{ "[\"x: 2026-12-24..2026-12-26 min=20\"]", "2026-12-23T23:00:00Z", 20,
		  -1 },
		{ "[\"x: 2026-12-24..2026-12-26 min=20\"]", "2026-12-26T22:59:00Z", 20,
		  -1 },
		{ "[\"x: 2026-12-24..2026-12-26 min=20\"]", "2026-12-26T23:00:00Z", -1,
		  -1 },
		{ "[\"s: 2026-11-27 07:30-24:00 min=12\"]", "2026-11-27T22:59:00Z", 12,
		  -1 },
		{ "[\"s: 2026-11-27 07:30-24:00 min=12\"]", "2026-11-27T23:00:00Z", -1,
		  -1 },
		{ "[\"d: daily min=2\", \"e: sun min=5 max=9\", \"f: fri-mon max=7\"]",
		  "2026-11-22T12:00:00Z", 5, 7 },
		/* 02:30 does not exist on 2026-03-29: the clock goes from 02:00
		 * to 03:00. */
		{ "[\"g: sun 02:00-03:00 min=4\"]", "2026-03-29T01:00:00Z", -1, -1 },
		/* and comes twice on 2026-10-25. */
		{ "[\"g: sun 02:00-03:00 min=4\"]", "2026-10-25T00:30:00Z", 4, -1 },
		{ "[\"g: sun 02:00-03:00 min=4\"]", "2026-10-25T01:30:00Z", 4, -1 },
		{ "null", "2026-10-25T01:30:00Z", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct calendar_bounds b =
			bounds(cases[i].rules, "Europe/Stockholm", cases[i].time, 0);

		if (b.floor != cases[i].floor || b.ceiling != cases[i].ceiling)
			fail_msg("case %zu: %lld, %lld", i, (long long)b.floor,
				 (long long)b.ceiling);
	}
}

static void floors_are_known_a_lead_time_ahead_but_ceilings_are_not(void **state)
{
	static const char rules[] = "[\"a: mon 08:00-18:00 min=3 max=10\"]";
	struct calendar_bounds b;

	(void)state;
	b = bounds(rules, "UTC", "2026-11-23T07:55:00Z", 5 * 60000);
	assert_int_equal(b.floor, 3);
	assert_int_equal(b.ceiling, -1);
	b = bounds(rules, "UTC", "2026-11-23T07:54:59Z", 5 * 60000);
	assert_int_equal(b.floor, -1);
	b = bounds(rules, "UTC", "2026-11-23T07:59:30Z", 30000);
	assert_int_equal(b.floor, 3);
}

static void the_rule_in_force_is_named(void **state)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	struct calendar_bounds b;
	struct err e;

	(void)state;
	assert_ok(calendar_add(&c, "low: daily min=2", &e), &e);
	assert_ok(calendar_add(&c, " high: daily 00:00-24:00 min=4 max=8", &e), &e);
	calendar_bounds(&c, NULL, at("2026-11-23T07:54:59Z"), 0, &b);
	assert_string_equal(b.floor_name, "high");
	assert_string_equal(b.ceiling_name, "high");
}

static void rules_survive_json(void **state)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	CLEANUP(calendar_done) struct calendar d = { 0 };
	CLEANUP(json_decref) json_t *list = NULL;
	struct err e;

	(void)state;
	assert_ok(calendar_add(&c, "a: mon-fri 08:00-18:00 min=3 max=10", &e), &e);
	assert_ok(calendar_add(&c, "b: 2026-12-24 min=1", &e), &e);
	list = calendar_format(&c);
	assert_ok(calendar_parse(list, &d, &e), &e);
	assert_int_equal(d.n, 2);
	assert_string_equal(d.rules[1].text, "b: 2026-12-24 min=1");
	assert_int_equal(d.rules[0].max, 10);
}

static void wrong_rules_are_refused_in_words(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "mon min=3", "begins with NAME:" },
		{ ": mon min=3", "begins with NAME:" },
		{ "a b: mon min=3", "no name of a schedule" },
		{ "a:", "the days are missing" },
		{ "a: mon", "min= or max= is missing" },
		{ "a: someday min=1", "'someday' are no days" },
		{ "a: mon-xyz min=1", "are no days" },
		{ "a: 2026-02-30 min=1", "are no days" },
		{ "a: 2026-13-01 min=1", "are no days" },
		{ "a: 2026-12-26..2026-12-24 min=1", "are no days" },
		{ "a: mon 8-18 min=1", "are no hours" },
		{ "a: mon 08:00-25:00 min=1", "are no hours" },
		{ "a: mon 08:60-10:00 min=1", "are no hours" },
		{ "a: mon min=x", "not an integer" },
		{ "a: mon min=-1", "must be from 0" },
		{ "a: mon min=5 max=3", "min is larger than max" },
		{ "a: mon min=5 min=3", "given twice" },
		{ "a: mon min=5 often", "neither days" },
		{ "used: mon min=5", "duplicate name" },
	};
	CLEANUP(calendar_done) struct calendar c = { 0 };
	struct err e;

	(void)state;
	assert_ok(calendar_add(&c, "used: daily min=1", &e), &e);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(calendar_add(&c, cases[i].text, &e), ERR_INVAL);
		if (!strstr(e.msg, cases[i].words) || !strstr(e.msg, "schedule '"))
			fail_msg("'%s' does not say '%s'", e.msg, cases[i].words);
	}
	assert_int_equal(c.n, 1);
}

static void rules_that_are_in_force_at_once_are_found(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{ "a: mon-fri 08:00-18:00 min=1", "b: daily 22:00-06:00 max=1", false },
		{ "a: mon-fri 05:00-18:00 min=1", "b: daily 22:00-06:00 max=1", true },
		{ "a: mon-fri 08:00-18:00 min=1", "b: sat,sun max=1", false },
		{ "a: fri 20:00-02:00 min=1", "b: sat 01:00-03:00 max=1", true },
		{ "a: sun 20:00-02:00 min=1", "b: mon 01:00-03:00 max=1", true },
		{ "a: fri 20:00-02:00 min=1", "b: sat 02:00-03:00 max=1", false },
		{ "a: daily 00:00-24:00 min=1", "b: 2026-12-24 max=1", true },
		/* 2026-12-24 is a Thursday. */
		{ "a: thu min=1", "b: 2026-12-24 10:00-12:00 max=1", true },
		{ "a: fri min=1", "b: 2026-12-24 10:00-12:00 max=1", false },
		{ "a: fri 01:00-02:00 min=1", "b: 2026-12-24 22:00-03:00 max=1", true },
		{ "a: 2026-12-24..2026-12-26 min=1", "b: 2026-12-26..2026-12-28 max=1",
		  true },
		{ "a: 2026-12-24..2026-12-25 min=1", "b: 2026-12-26..2026-12-28 max=1",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(calendar_done) struct calendar c = { 0 };
		struct err e;

		assert_ok(calendar_add(&c, cases[i].a, &e), &e);
		assert_ok(calendar_add(&c, cases[i].b, &e), &e);
		if (calendar_overlap(&c.rules[0], &c.rules[1]) != cases[i].overlap ||
		    calendar_overlap(&c.rules[1], &c.rules[0]) != cases[i].overlap)
			fail_msg("%s, %s", cases[i].a, cases[i].b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_follow_daylight_saving),
		cmocka_unit_test(wrong_zones_are_refused),
		cmocka_unit_test(dates_are_right),
		cmocka_unit_test(rules_hold_by_the_local_clock),
		cmocka_unit_test(rules_that_are_in_force_at_once_are_found),
		cmocka_unit_test(floors_are_known_a_lead_time_ahead_but_ceilings_are_not),
		cmocka_unit_test(the_rule_in_force_is_named),
		cmocka_unit_test(rules_survive_json),
		cmocka_unit_test(wrong_rules_are_refused_in_words),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
