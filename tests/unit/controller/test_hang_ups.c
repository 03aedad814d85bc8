/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hang_ups.h"

#include "clock.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void count(void *arg, const char *host)
{
	(void)host;
	++*(int *)arg;
}

static int taken(struct hang_ups *h)
{
	int n = 0;

	hang_ups_take(h, count, &n);
	return n;
}

static void each_is_taken_once(void **state)
{
	CLEANUP(hang_ups_free) struct hang_ups *h = hang_ups_new();

	(void)state;
	assert_int_equal(taken(h), 0);
	assert_true(hang_ups_note(h, "a"));
	assert_true(hang_ups_note(h, "b"));
	assert_int_equal(taken(h), 2);
	assert_int_equal(taken(h), 0);
}

static void one_that_hangs_up_without_end_counts_once_in_a_while(void **state)
{
	CLEANUP(hang_ups_free) struct hang_ups *h = hang_ups_new();

	(void)state;
	assert_true(hang_ups_note(h, "a"));
	for (int i = 0; i < 1000; i++)
		assert_false(hang_ups_note(h, "a"));
	assert_int_equal(taken(h), 1);
}

static void many_at_once_are_bounded(void **state)
{
	CLEANUP(hang_ups_free) struct hang_ups *h = hang_ups_new();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char host[16];

		snprintf(host, sizeof(host), "h%d", i);
		assert_true(hang_ups_note(h, host));
	}
	assert_int_equal(taken(h), HANG_UPS_MAX);
}

static void the_last_one_is_known_for_a_while(void **state)
{
	CLEANUP(hang_ups_free) struct hang_ups *h = hang_ups_new();
	int64_t first;

	(void)state;
	assert_int_equal(hang_ups_last(h, "a"), 0);
	hang_ups_note(h, "a");
	first = hang_ups_last(h, "a");
	assert_true(first > 0);
	while (clock_mono_ms() == first)
		;
	hang_ups_note(h, "a");
	assert_true(hang_ups_last(h, "a") > first);
	assert_int_equal(hang_ups_last(h, "b"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_taken_once),
		cmocka_unit_test(one_that_hangs_up_without_end_counts_once_in_a_while),
		cmocka_unit_test(many_at_once_are_bounded),
		cmocka_unit_test(the_last_one_is_known_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
