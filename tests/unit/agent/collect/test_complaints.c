/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said of a source is not said again. */
#include "test.h"

#include "complaints.h"

#include <string.h>

static bool is_named(void *arg, const char *unit)
{
	return strcmp(arg, unit) == 0;
}

static void sources_that_fail_in_turn_are_told_of_once(void **state)
{
	struct complaints c = { NULL };

	(void)state;
	assert_true(complaint_is_new(&c, "a.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "a.service", 1, "no answer"));
	assert_true(complaint_is_new(&c, "b.service", 0, "no answer"));
	for (int i = 0; i < 3; i++) {
		assert_false(complaint_is_new(&c, "a.service", 0, "no answer"));
		assert_false(complaint_is_new(&c, "a.service", 1, "no answer"));
		assert_false(complaint_is_new(&c, "b.service", 0, "no answer"));
	}
	complaints_done(&c);
}

static void another_failure_of_a_source_is_new(void **state)
{
	struct complaints c = { NULL };

	(void)state;
	assert_true(complaint_is_new(&c, "a.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "a.service", 0, "not its page"));
	assert_false(complaint_is_new(&c, "a.service", 0, "not its page"));
	assert_true(complaint_is_new(&c, "a.service", 0, "no answer"));
	complaints_done(&c);
}

static void a_unit_that_is_gone_is_forgotten(void **state)
{
	struct complaints c = { NULL };
	char left[] = "b.service";

	(void)state;
	assert_true(complaint_is_new(&c, "a.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "b.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "c.service", 0, "no answer"));
	complaints_keep(&c, is_named, left);
	assert_false(complaint_is_new(&c, "b.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "a.service", 0, "no answer"));
	assert_true(complaint_is_new(&c, "c.service", 0, "no answer"));
	complaints_done(&c);
	assert_null(c.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_that_fail_in_turn_are_told_of_once),
		cmocka_unit_test(another_failure_of_a_source_is_new),
		cmocka_unit_test(a_unit_that_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
