/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks: the controller's own, and those of its hosts. */
#include "test.h"

#include "check.h"
#include "clock_watch.h"
#include "skew.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- its own */

static void a_clock_that_runs_is_not_set(void **state)
{
	struct clock_watch w = { 0 };
	int64_t wall = 1700000000000, mono = 5000;

	(void)state;
	assert_int_equal(clock_watch_look(&w, wall, mono), 0);
	/* Slewed by half a second a minute, for an hour. */
	for (int i = 0; i < 60; i++)
		assert_int_equal(clock_watch_look(&w, wall += 60500, mono += 60000), 0);
	/* Held up for an hour, both. */
	assert_int_equal(clock_watch_look(&w, wall += 3600000, mono += 3600000), 0);
}

static void a_clock_that_is_set_is_seen_once(void **state)
{
	struct clock_watch w = { 0 };
	int64_t wall = 1700000000000, mono = 5000;

	(void)state;
	(void)clock_watch_look(&w, wall, mono);
	wall += 1000 - 120000;
	mono += 1000;
	assert_int_equal(clock_watch_look(&w, wall, mono), -120000);
	assert_int_equal(clock_watch_look(&w, wall += 1000, mono += 1000), 0);
	assert_int_equal(clock_watch_look(&w, wall += 3601000, mono += 1000), 3600000);
	assert_int_equal(clock_watch_look(&w, wall += 1000, mono += 1000), 0);
}

/* ---------------------------------------------------------------- of hosts */

static int setup(void **state)
{
	*state = skew_new();
	return 0;
}

static int teardown(void **state)
{
	skew_free(*state);
	return 0;
}

static bool told(struct skew *s, int64_t now, const char *words)
{
	char text[512];

	return skew_problem(s, now, text, sizeof(text)) && strstr(text, words);
}

static void what_is_under_way_is_not_a_skew(void **state)
{
	struct skew *s = *state;
	char text[512];

	for (int i = 0; i < 10; i++) {
		assert_int_equal(skew_note(s, "a", 200, i), 0);
		/* One that the network held up. */
		assert_int_equal(skew_note(s, "b", i % 3 ? 40 : 4000, i), 0);
	}
	assert_false(skew_problem(s, 10, text, sizeof(text)));
}

static void a_small_skew_is_the_least_of_some_batches(void **state)
{
	struct skew *s = *state;

	assert_int_equal(skew_note(s, "a", 5100, 0), 0);
	assert_int_equal(skew_note(s, "a", 8000, 1), 0);
	assert_int_equal(skew_note(s, "a", 5020, 2), 5020);
	/* It holds still while the network does not. */
	assert_int_equal(skew_note(s, "a", 5300, 3), 5020);
	assert_int_equal(skew_note(s, "a", 5200, 4), 5020);
	assert_int_equal(skew_note(s, "a", 5400, 5), 5020);
	assert_true(told(s, 6, "a is 5s behind"));
	assert_int_equal(skew_note(s, "a", 10, 7), 0);
	assert_false(told(s, 8, ""));
}

static void one_that_is_ahead_counts_at_once(void **state)
{
	struct skew *s = *state;

	assert_int_equal(skew_note(s, "a", -3600000, 0), -3600000);
	assert_true(told(s, 1, "a is 1h ahead of"));
	assert_true(told(s, 1, "corrected"));
	/* Less under way than the figure in force allows. */
	assert_int_equal(skew_note(s, "a", -3602000, 2), -3602000);
	assert_int_equal(skew_note(s, "a", -7200000, 3), -7200000);
	/* One that was held up is no clock that was put right. */
	assert_int_equal(skew_note(s, "b", -5000, 3), -5000);
	assert_int_equal(skew_note(s, "b", 10, 4), -5000);
	assert_int_equal(skew_note(s, "b", -5000, 5), -5000);
	assert_int_equal(skew_note(s, "b", 10, 6), -5000);
	assert_int_equal(skew_note(s, "b", 20, 7), -5000);
	assert_int_equal(skew_note(s, "b", 15, 8), 0);
}

static void a_large_one_counts_when_two_batches_agree(void **state)
{
	struct skew *s = *state;

	assert_int_equal(skew_note(s, "a", 120300, 0), 0);
	assert_false(told(s, 0, ""));
	assert_int_equal(skew_note(s, "a", 120000, 1), 120000);
	assert_int_equal(skew_note(s, "b", 130000, 2), 0);
	assert_int_equal(skew_note(s, "b", 130000, 2), 130000);
	assert_true(told(s, 3, "1 more host"));
	assert_true(told(s, 3, "or the controller's"));
	/* A host that is silent is not told for ever. */
	assert_false(told(s, 3 + 2 * SKEW_KEPT_MS, ""));
}

static void what_lay_in_the_socket_of_a_stopped_process_is_no_skew(void **state)
{
	struct skew *s = *state;

	for (int64_t now = 0; now < 60000; now += 20000) {
		assert_int_equal(skew_note(s, "a", 20000, now), 0);
		assert_int_equal(skew_note(s, "a", 2800, now + 1), 0);
		assert_false(told(s, now + 2, ""));
		assert_int_equal(skew_note(s, "a", 30, now + 3), 0);
	}
}

static void beyond_all_reason_nothing_is_corrected(void **state)
{
	struct skew *s = *state;

	assert_int_equal(skew_note(s, "a", 2 * SKEW_MAX_MS, 0), 0);
	assert_int_equal(skew_note(s, "a", 2 * SKEW_MAX_MS, 0), 0);
	assert_true(told(s, 1, "cannot be used"));
}

static void many_hosts_are_kept_apart(void **state)
{
	struct skew *s = *state;
	char name[32];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 300; i++) {
			snprintf(name, sizeof(name), "host-%d", i * 7919 % 300);
			assert_int_equal(skew_note(s, name, 20000 + i * 7919 % 300, 0),
					 round ? 20000 + i * 7919 % 300 : 0);
		}
	skew_forget(s);
	assert_false(told(s, 0, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_runs_is_not_set),
		cmocka_unit_test(a_clock_that_is_set_is_seen_once),
		cmocka_unit_test_setup_teardown(what_is_under_way_is_not_a_skew, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_small_skew_is_the_least_of_some_batches,
						setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_ahead_counts_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_large_one_counts_when_two_batches_agree,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_lay_in_the_socket_of_a_stopped_process_is_no_skew, setup,
			teardown),
		cmocka_unit_test_setup_teardown(beyond_all_reason_nothing_is_corrected,
						setup, teardown),
		cmocka_unit_test_setup_teardown(many_hosts_are_kept_apart, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
