/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repeats.h"

#include "check.h"

#include <string.h>

#include "test.h"

static const char body[REPEATS_KEY] = "b";

static enum repeats_state begin(struct repeats *k, int64_t caller, int i)
{
	CLEANUP(repeats_answer_done) struct repeats_answer a = { 0 };
	char key[REPEATS_KEY];

	snprintf(key, sizeof(key), "%lld-%d", (long long)caller, i);
	return repeats_begin(k, caller, key, body, &a);
}

static void put(struct repeats *k, int64_t caller, int i, size_t len)
{
	CLEANUP(free) char *data = xcalloc(1, len + 1);
	char key[REPEATS_KEY];

	snprintf(key, sizeof(key), "%lld-%d", (long long)caller, i);
	repeats_put(k, key, 200, "text/plain", data, len);
}

static void who_sends_many_loses_his_own_answers(void **state)
{
	struct repeats *k = repeats_new();

	(void)state;
	assert_int_equal(begin(k, 1, 0), REPEATS_NEW);
	put(k, 1, 0, 10);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(begin(k, 2, i), REPEATS_NEW);
		put(k, 2, i, 10);
	}
	assert_int_equal(begin(k, 1, 0), REPEATS_ANSWERED);
	assert_int_equal(begin(k, 2, 4999), REPEATS_ANSWERED);
	assert_int_equal(begin(k, 2, 0), REPEATS_NEW);
	repeats_free(k);
}

static void large_answers_push_out_earlier_ones(void **state)
{
	struct repeats *k = repeats_new();

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(begin(k, 1, i), REPEATS_NEW);
		put(k, 1, i, (size_t)1 << 20);
	}
	assert_int_equal(begin(k, 1, 3), REPEATS_ANSWERED);
	assert_int_equal(begin(k, 1, 0), REPEATS_NEW);
	/* Of all together no more than 16 MB. */
	for (int c = 2; c < 40; c++) {
		assert_int_equal(begin(k, c, 0), REPEATS_NEW);
		put(k, c, 0, (size_t)1 << 20);
	}
	assert_int_equal(begin(k, 39, 0), REPEATS_ANSWERED);
	assert_int_equal(begin(k, 2, 0), REPEATS_NEW);
	repeats_free(k);
}

static void what_runs_is_never_forgotten(void **state)
{
	struct repeats *k = repeats_new();

	(void)state;
	for (int i = 0; i < 64; i++)
		assert_int_equal(begin(k, 1, i), REPEATS_NEW);
	assert_int_equal(begin(k, 1, 64), REPEATS_FULL);
	assert_int_equal(begin(k, 2, 0), REPEATS_NEW);
	assert_int_equal(begin(k, 1, 0), REPEATS_RUNNING);
	repeats_forget(k, "1-0");
	assert_int_equal(begin(k, 1, 64), REPEATS_NEW);
	repeats_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sends_many_loses_his_own_answers),
		cmocka_unit_test(large_answers_push_out_earlier_ones),
		cmocka_unit_test(what_runs_is_never_forgotten),
	};

	return cmocka_run_group_tests_name("repeats", tests, NULL, NULL);
}
