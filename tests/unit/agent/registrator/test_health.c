/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a service passes and fails. */
#include "test.h"

#include "health.h"

static void a_service_rises_and_falls(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, 2, 3, 1000, 0);
	assert_int_equal(h.now, HEALTH_STARTING);
	assert_int_equal(health_pause_ms(&h, 10), HEALTH_QUICK_MS);
	assert_false(health_take(&h, true));
	assert_false(health_take(&h, false));
	assert_false(health_take(&h, true));
	assert_true(health_take(&h, true));
	assert_int_equal(h.now, HEALTH_PASSING);
	assert_int_equal(health_pause_ms(&h, 10), 1000);
	assert_false(health_take(&h, false));
	assert_false(health_take(&h, false));
	assert_true(health_take(&h, false));
	assert_int_equal(h.now, HEALTH_FAILING);
}

static void what_never_passes_is_checked_slowly_in_the_end(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, 1, 1, 1000, 0);
	assert_false(health_take(&h, false));
	assert_int_equal(h.now, HEALTH_STARTING);
	assert_int_equal(health_pause_ms(&h, HEALTH_QUICK_FOR_MS), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_rises_and_falls),
		cmocka_unit_test(what_never_passes_is_checked_slowly_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
