/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file_limit.h"

#include "check.h"

#include <sys/resource.h>

#include "test.h"

static void the_soft_limit_is_raised_as_far_as_it_may_and_never_lowered(void **state)
{
	struct rlimit before, now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	file_limit_raise();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, MIN(before.rlim_max, 262144));
	assert_int_equal(now.rlim_max, before.rlim_max);
	now.rlim_cur = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	file_limit_raise();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, before.rlim_max);
	(void)setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_soft_limit_is_raised_as_far_as_it_may_and_never_lowered),
	};

	return cmocka_run_group_tests_name("file_limit", tests, NULL, NULL);
}
