/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "clock.h"
#include "repeat.h"

#include <string.h>

static void the_same_error_is_told_once(void **state)
{
	struct repeat r = { 0 };

	(void)state;
	assert_true(repeat_is_due(&r, "no space"));
	for (int i = 0; i < 100; i++)
		assert_false(repeat_is_due(&r, "no space"));
	assert_true(repeat_is_due(&r, "no such file"));
	assert_int_equal(r.untold, 0);
}

static void after_a_while_it_is_told_again_with_how_often_it_was(void **state)
{
	struct repeat r = { 0 };

	(void)state;
	assert_true(repeat_is_due(&r, "no space"));
	assert_false(repeat_is_due(&r, "no space"));
	assert_false(repeat_is_due(&r, "no space"));
	r.told_mono_ms -= REPEAT_EVERY_MS;
	assert_true(repeat_is_due(&r, "no space"));
	assert_int_equal(r.untold, 2);
	assert_false(repeat_is_due(&r, "no space"));
}

static void after_a_success_it_is_new(void **state)
{
	struct repeat r = { 0 };

	(void)state;
	assert_true(repeat_is_due(&r, "no space"));
	repeat_end(&r);
	assert_true(repeat_is_due(&r, "no space"));
	assert_int_equal(r.untold, 0);
}

static void an_error_longer_than_what_is_kept_is_told_once_too(void **state)
{
	struct repeat r = { 0 };
	char text[2 * ERR_MSG_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(repeat_is_due(&r, text));
	assert_false(repeat_is_due(&r, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_error_is_told_once),
		cmocka_unit_test(after_a_while_it_is_told_again_with_how_often_it_was),
		cmocka_unit_test(after_a_success_it_is_new),
		cmocka_unit_test(an_error_longer_than_what_is_kept_is_told_once_too),
	};

	return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
