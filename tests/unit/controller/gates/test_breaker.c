/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "breaker.h"

static const struct breaker_times times = { .first_ms = 1000, .max_ms = 4000 };

static void call_fails(struct breaker *b, int64_t now_ms)
{
	breaker_fail(b, 3, &times, 0, now_ms);
}

static void it_opens_after_so_many_failures_in_a_row(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	call_fails(&b, 0);
	call_fails(&b, 0);
	breaker_close(&b);
	call_fails(&b, 0);
	call_fails(&b, 0);
	assert_int_equal(breaker_wait_ms(&b, 0), 0);
	call_fails(&b, 0);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(breaker_wait_ms(&b, 0), 1000);
	assert_int_equal(breaker_wait_ms(&b, 999), 1);
	assert_int_equal(breaker_wait_ms(&b, 1000), 0);
}

static void then_one_call_tries_and_others_wait_for_it(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_open(&b, &times, 0, 0);
	breaker_begin(&b, 500, 1000);
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_int_equal(breaker_wait_ms(&b, 1000), 500);
	breaker_close(&b);
	assert_int_equal(breaker_wait_ms(&b, 1000), 0);
	breaker_begin(&b, 500, 1000);
	assert_int_equal(b.state, BREAKER_CLOSED);
}

static void a_try_of_which_nothing_is_heard_is_followed_by_another(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_open(&b, &times, 0, 0);
	breaker_begin(&b, 500, 1000);
	assert_int_equal(breaker_wait_ms(&b, 1500), 0);
	breaker_begin(&b, 500, 1500);
	assert_int_equal(breaker_wait_ms(&b, 1500), 500);
}

static void a_try_that_fails_opens_it_for_longer_up_to_the_most(void **state)
{
	static const int64_t expected[] = { 1000, 2000, 4000, 4000, 4000 };
	struct breaker b = { 0 };
	int64_t now = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		call_fails(&b, now);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(breaker_wait_ms(&b, now), expected[i]);
		now += expected[i];
		breaker_begin(&b, 100, now);
		call_fails(&b, now);
	}
	breaker_close(&b);
	breaker_open(&b, &times, 0, now);
	assert_int_equal(breaker_wait_ms(&b, now), 1000);
}

/* Those that were under way say nothing new. */
static void failures_while_it_is_open_do_not_prolong_it(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_open(&b, &times, 0, 0);
	for (int i = 0; i < 9; i++)
		call_fails(&b, 500);
	breaker_open(&b, &times, 0, 500);
	assert_int_equal(breaker_wait_ms(&b, 500), 500);
	assert_int_equal(b.openings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_after_so_many_failures_in_a_row),
		cmocka_unit_test(then_one_call_tries_and_others_wait_for_it),
		cmocka_unit_test(a_try_of_which_nothing_is_heard_is_followed_by_another),
		cmocka_unit_test(a_try_that_fails_opens_it_for_longer_up_to_the_most),
		cmocka_unit_test(failures_while_it_is_open_do_not_prolong_it),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
