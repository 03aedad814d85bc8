/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Specifiers in unit files. */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "specifiers.h"

#include <stdlib.h>

static void specifiers_are_expanded(void **state)
{
	struct unit_specifiers s = { .unit = "app-web@a-b\\x2dc.service",
				     .host = "h1",
				     .machine_id = "m",
				     .boot_id = "b" };
	CLEANUP(free) char *text = NULL;
	struct err e;

	(void)state;
	assert_ok(unit_specifiers_expand("%n|%N|%p|%i|%I|%j|%H|%m|%b|%u|%h|%t|%%", &s,
					 &text, &e),
		  &e);
	assert_string_equal(text, "app-web@a-b\\x2dc.service|app-web@a-b\\x2dc|app-web|"
				  "a-b\\x2dc|a/b-c|web|h1|m|b|root|/root|/run|%");
	assert_int_equal(unit_specifiers_expand("%y", &s, &text, &e), ERR_INVAL);
	assert_string_equal(e.msg, "the specifier %y is unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specifiers_are_expanded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
