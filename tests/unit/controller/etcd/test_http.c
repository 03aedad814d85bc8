/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd.h"
#include "test.h"

static void paths_are_the_stores_or_not(void **state)
{
	(void)state;
	assert_true(kv_handles("/v3/kv/range"));
	assert_true(kv_handles("/v3beta/watch"));
	assert_true(kv_handles("/health"));
	assert_true(kv_handles("/version"));
	assert_false(kv_handles("/v3"));
	assert_false(kv_handles("/v3x/kv/range"));
	assert_false(kv_handles("/v1/tiers"));
	assert_false(kv_handles("/healthz"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_the_stores_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
