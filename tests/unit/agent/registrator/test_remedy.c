/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a unit is restarted because its check fails. */
#include "test.h"

#include "remedy.h"

#define AFTER 30000

/* Seconds from the first failure to each restart, by a check a second. */
static size_t restarts_of(struct remedy *r, enum unit_health h, int64_t after_ms,
			  int64_t from_s, int64_t to_s, int64_t *ret)
{
	size_t n = 0;

	for (int64_t s = from_s; s < to_s; s++)
		if (remedy_is_due(r, h, after_ms, s * 1000))
			ret[n++] = s - from_s;
	return n;
}

static void it_is_restarted_ever_later_and_five_times(void **state)
{
	struct remedy r = { 0 };
	int64_t at[16];

	(void)state;
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, AFTER, 1, 86400, at), 5);
	assert_int_equal(at[0], 30);
	assert_int_equal(at[1], 30 + 60);
	assert_int_equal(at[2], 30 + 60 + 120);
	assert_int_equal(at[4], 30 + 60 + 120 + 240 + 480);
}

static void a_moment_of_health_forgets_nothing_but_ten_minutes_do(void **state)
{
	struct remedy r = { 0 };
	int64_t at[16];

	(void)state;
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, AFTER, 1, 40, at), 1);
	assert_int_equal(restarts_of(&r, HEALTH_PASSING, AFTER, 40, 50, at), 0);
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, AFTER, 50, 120, at), 1);
	assert_int_equal(at[0], 60);
	assert_int_equal(restarts_of(&r, HEALTH_PASSING, AFTER, 120, 721, at), 0);
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, AFTER, 721, 760, at), 1);
	assert_int_equal(at[0], 30);
}

static void one_that_starts_is_let_start(void **state)
{
	struct remedy r = { 0 };
	int64_t at[16];

	(void)state;
	assert_int_equal(restarts_of(&r, HEALTH_STARTING, AFTER, 1, 86400, at), 0);
	assert_int_equal(restarts_of(&r, HEALTH_NONE, AFTER, 1, 86400, at), 0);
}

static void zero_is_never(void **state)
{
	struct remedy r = { 0 };
	int64_t at[16];

	(void)state;
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, 0, 1, 86400, at), 0);
}

static void what_may_fail_for_ever_takes_no_time_off_another(void **state)
{
	struct remedy r = { 0 };
	int64_t at[16];

	(void)state;
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, 0, 1, 1000, at), 0);
	assert_int_equal(restarts_of(&r, HEALTH_FAILING, AFTER, 1000, 1040, at), 1);
	assert_int_equal(at[0], 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_restarted_ever_later_and_five_times),
		cmocka_unit_test(a_moment_of_health_forgets_nothing_but_ten_minutes_do),
		cmocka_unit_test(one_that_starts_is_let_start),
		cmocka_unit_test(zero_is_never),
		cmocka_unit_test(what_may_fail_for_ever_takes_no_time_off_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
