/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "ages.h"
#include "clock.h"

#define NOW_MS INT64_C(1700000000000)

static void an_age_begins_with_the_record_and_grows_with_time(void **state)
{
	struct ages a = { 0 };

	(void)state;
	clock_hold(NOW_MS);
	assert_int_equal(ages_of(&a, "web-1", NOW_MS - 5000), 5000);
	clock_hold(NOW_MS + 2000);
	assert_int_equal(ages_of(&a, "web-1", NOW_MS - 5000), 7000);
	/* Its time has changed: it happened again. */
	assert_int_equal(ages_of(&a, "web-1", NOW_MS + 1000), 1000);
	clock_hold(-1);
	ages_done(&a);
}

static void a_time_that_is_still_to_come_is_now(void **state)
{
	struct ages a = { 0 };

	(void)state;
	clock_hold(NOW_MS);
	assert_int_equal(ages_of(&a, "web-1", NOW_MS + 3600000), 0);
	clock_hold(NOW_MS + 60000);
	assert_int_equal(ages_of(&a, "web-1", NOW_MS + 3600000), 60000);
	clock_hold(-1);
	ages_done(&a);
}

static void what_is_asked_for_no_more_is_forgotten(void **state)
{
	struct ages a = { 0 };

	(void)state;
	(void)ages_of(&a, "web-1", NOW_MS);
	(void)ages_of(&a, "web-2", NOW_MS);
	ages_sweep(&a);
	(void)ages_of(&a, "web-2", NOW_MS);
	ages_sweep(&a);
	assert_false(ages_has(&a, "web-1"));
	assert_true(ages_has(&a, "web-2"));
	ages_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_age_begins_with_the_record_and_grows_with_time),
		cmocka_unit_test(a_time_that_is_still_to_come_is_now),
		cmocka_unit_test(what_is_asked_for_no_more_is_forgotten),
	};

	return cmocka_run_group_tests_name("ages", tests, NULL, NULL);
}
