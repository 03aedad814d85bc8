/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "backoff.h"

#include <limits.h>

static void it_doubles_up_to_the_most(void **state)
{
	(void)state;
	assert_int_equal(backoff_most_ms(1000, 60000, 0), 1000);
	assert_int_equal(backoff_most_ms(1000, 60000, 3), 8000);
	assert_int_equal(backoff_most_ms(1000, 60000, 6), 60000);
	assert_int_equal(backoff_most_ms(1000, 60000, INT_MAX), 60000);
	assert_int_equal(backoff_most_ms(1, INT64_MAX, 1000), INT64_MAX);
	assert_int_equal(backoff_most_ms(5000, 20, 0), 20);
}

static void full_jitter_is_anything_up_to_that(void **state)
{
	(void)state;
	assert_int_equal(backoff_full_ms(1000, 60000, 2, 0), 1);
	assert_int_equal(backoff_full_ms(1000, 60000, 2, 0.5), 2001);
	assert_in_range(backoff_full_ms(1000, 60000, 2, 0.999999), 3990, 4000);
}

static void what_must_grow_is_its_upper_half(void **state)
{
	(void)state;
	assert_int_equal(backoff_half_ms(1000, 60000, 2, 0), 4000);
	assert_in_range(backoff_half_ms(1000, 60000, 2, 0.999999), 2000, 2010);
	/* The next is longer, whatever the chance. */
	assert_true(backoff_half_ms(1000, 60000, 3, 0.999999) >=
		    backoff_half_ms(1000, 60000, 2, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_doubles_up_to_the_most),
		cmocka_unit_test(full_jitter_is_anything_up_to_that),
		cmocka_unit_test(what_must_grow_is_its_upper_half),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
