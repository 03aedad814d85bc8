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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_wait_is_over_when_its_time_has_come, restore),
		cmocka_unit_test_teardown(a_clock_that_is_set_does_not_end_a_wait,
					  restore),
		cmocka_unit_test_teardown(
			a_clock_that_is_set_back_does_not_draw_it_out_without_end,
			restore),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
