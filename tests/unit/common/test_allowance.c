/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "allowance.h"

#include "check.h"
#include "clock.h"

#include <string.h>
#include <time.h>

#include "test.h"

static void without_one_nothing_is_limited(void **state)
{
	(void)state;
	assert_false(allowance_is_over());
	assert_int_equal(allowance_check(NULL), 0);
	assert_int_equal(allowance_samples(SIZE_MAX, NULL), 0);
}

static void samples_run_out(void **state)
{
	struct err e;

	(void)state;
	allowance_begin(PATIENCE_MS, 10);
	assert_int_equal(allowance_samples(6, &e), 0);
	assert_int_equal(allowance_samples(4, &e), 0);
	assert_int_equal(allowance_samples(1, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "more than 10 samples"));
	allowance_end();
	assert_int_equal(allowance_samples(1, &e), 0);
}

static void time_runs_out(void **state)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct err e;
	int rc;

	(void)state;
	allowance_begin(20, 10);
	do {
		rc = allowance_check(&e);
		nanosleep(&nap, NULL);
	} while (rc == 0);
	assert_int_equal(rc, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "20 ms"));
	assert_true(allowance_is_over());
	allowance_end();
	assert_false(allowance_is_over());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_one_nothing_is_limited),
		cmocka_unit_test(samples_run_out),
		cmocka_unit_test(time_runs_out),
	};

	return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}
