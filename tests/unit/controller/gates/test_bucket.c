/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "bucket.h"

static void what_is_in_it_may_be_taken_at_once_then_at_the_rate(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 2, 3, 1000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bucket_wait_ms(&b, 0, 1000), 0);
		bucket_take(&b, 1000);
	}
	assert_int_equal(bucket_wait_ms(&b, 0, 1000), 500);
	assert_in_range(bucket_wait_ms(&b, 0, 1499), 1, 2);
	assert_int_equal(bucket_wait_ms(&b, 0, 1500), 0);
	bucket_take(&b, 1500);
	assert_int_equal(bucket_wait_ms(&b, 0, 1500), 500);
}

static void it_never_has_more_than_its_burst(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 2, 3, 0);
	bucket_take(&b, 0);
	assert_close(bucket_level(&b, 250), 2.5, 1e-9);
	assert_close(bucket_level(&b, 3600000), 3, 1e-9);
	/* Nor less when time seems to go back. */
	assert_close(bucket_level(&b, -1000), 2, 1e-9);
}

static void who_leaves_some_waits_for_them(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1, 4, 0);
	for (int i = 0; i < 3; i++)
		bucket_take(&b, 0);
	assert_int_equal(bucket_wait_ms(&b, 0, 0), 0);
	assert_int_equal(bucket_wait_ms(&b, 1, 0), 1000);
	/* More than it can have is not waited for. */
	assert_int_equal(bucket_wait_ms(&b, 100, 3000), 0);
}

static void without_a_rate_there_is_no_limit(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 5, 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(bucket_wait_ms(&b, 2, 0), 0);
		bucket_take(&b, 0);
	}
}

static void one_that_others_emptied_fills_again(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 4, 8, 0);
	bucket_drain(&b, 0);
	assert_int_equal(bucket_wait_ms(&b, 0, 0), 250);
	assert_close(bucket_level(&b, 1000), 4, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_it_may_be_taken_at_once_then_at_the_rate),
		cmocka_unit_test(it_never_has_more_than_its_burst),
		cmocka_unit_test(who_leaves_some_waits_for_them),
		cmocka_unit_test(without_a_rate_there_is_no_limit),
		cmocka_unit_test(one_that_others_emptied_fills_again),
	};

	return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
