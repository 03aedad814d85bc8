/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include "test.h"

#define GRACE_MS INT64_C(60000)

static struct clock_wait begin(int64_t until_ms)
{
	struct clock_wait w;

	clock_hold(1000000000);
	clock_wait_begin(&w, until_ms, GRACE_MS);
	return w;
}

static int restore(void **state)
{
	(void)state;
	clock_hold(-1);
	return 0;
}

static void a_wait_is_over_when_its_time_has_come(void **state)
{
	struct clock_wait w = begin(1000000000 + GRACE_MS);

	(void)state;
	assert_int_equal(clock_wait_left_ms(&w), GRACE_MS);
	clock_hold(1000000000 + GRACE_MS - 1);
	assert_int_equal(clock_wait_left_ms(&w), 1);
	clock_hold(1000000000 + GRACE_MS);
	assert_int_equal(clock_wait_left_ms(&w), 0);
	assert_int_equal(clock_wait_left_ms(&(struct clock_wait){ 0 }), 0);
}

/* The calendar time seems to be past, or far away. */
static void a_clock_that_is_set_does_not_end_a_wait(void **state)
{
	struct clock_wait w = begin(1000000000 + GRACE_MS);

	(void)state;
	w.until_ms -= 365 * 24 * 3600 * INT64_C(1000);
	assert_int_equal(clock_wait_left_ms(&w), GRACE_MS);
}

static void a_clock_that_is_set_back_does_not_draw_it_out_without_end(void **state)
{
	struct clock_wait w = begin(1000000000 + GRACE_MS);

	(void)state;
	w.until_ms += 365 * 24 * 3600 * INT64_C(1000);
	assert_int_equal(clock_wait_left_ms(&w), GRACE_MS);
	clock_hold(1000000000 + GRACE_MS);
	assert_int_equal(clock_wait_left_ms(&w), 0);
	/* By less than it lasts. */
	w.until_ms = 1000000000 + GRACE_MS + 5000;
	assert_int_equal(clock_wait_left_ms(&w), 5000);
	/* Set back before it began. */
	w = begin(1000000000 + 365 * 24 * 3600 * INT64_C(1000));
	assert_int_equal(clock_wait_left_ms(&w), GRACE_MS);
}

static void a_time_is_one_that_there_is(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "2026-01-31T12:00:00Z", INT64_C(1769860800000) },
		{ "2024-02-29t00:00:00.5z", INT64_C(1709164800500) },
		{ "2026-01-31T12:00:00.123456+01:30", INT64_C(1769855400123) },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799000) },
		{ "1769860800.25", INT64_C(1769860800250) },
		{ "1.7698608e9", INT64_C(1769860800000) },
		{ "0", 0 },
	};
	static const char *const bad[] = {
		"2027-02-30T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"9999-12-31T23:59:60Z",
		"2026-06-30T23:59:60Z",
		"2026-01-01T24:00:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00",
		"9999-12-31T23:59:59-01:00",
		"0001-01-01T00:00:00Z",
		"2026-01-31T-1:-1:-1Z",
		"2026-1-1T1:1:1Z",
		"2026-01-01T00:00:00+-1:00",
		"+026-01-01T00:00:00Z",
		"2026-01-01T00:00:00",
		"2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00Zx",
		" 2026-01-01T00:00:00Z",
		"-1",
		"1e300",
		"253402300800",
		"nan",
		"inf",
		"0x10",
		"1 ",
		"",
		"2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+1:00",
	};
	struct err e;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_ok(clock_parse(good[i].text, &ms, &e), &e);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (clock_parse(bad[i], &ms, &e) != ERR_INVAL)
			fail_msg("'%s' is taken for %lld", bad[i], (long long)ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_one_that_there_is),
		cmocka_unit_test_teardown(a_wait_is_over_when_its_time_has_come, restore),
		cmocka_unit_test_teardown(a_clock_that_is_set_does_not_end_a_wait,
					  restore),
		cmocka_unit_test_teardown(
			a_clock_that_is_set_back_does_not_draw_it_out_without_end,
			restore),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
