/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What enrols a machine: the script, its keys and the command. What they do is tried in
 * tests/system/test_static.py. */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "standby.h"

#include <string.h>

#define URL "https://10.0.0.1:7071"
#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

static void the_script_has_the_controller_and_no_secret(void **state)
{
	CLEANUP(free) char *script = NULL;
	struct err err;

	(void)state;
	assert_ok(standby_script(URL, PEM, &script, &err), &err);
	assert_memory_equal(script, "#!/bin/sh\n", 10);
	assert_non_null(strstr(script, "url='" URL "/v1/agent/assignment'"));
	assert_non_null(strstr(script, "'" PEM "'"));
	assert_null(strchr(script, '@'));
	assert_int_equal(standby_script("https://x'y", PEM, &script, &err), ERR_INVAL);
}

static void a_key_is_of_one_kind_name_and_secret(void **state)
{
	char key[TOKEN_TEXT], other[TOKEN_TEXT];

	(void)state;
	standby_key("s", STANDBY_MACHINE, "a", key);
	assert_true(standby_is_key("s", STANDBY_MACHINE, "a", key));
	assert_false(standby_is_key("s", STANDBY_MACHINE, "b", key));
	assert_false(standby_is_key("s", STANDBY_POOL, "a", key));
	assert_false(standby_is_key("t", STANDBY_MACHINE, "a", key));
	assert_false(standby_is_key("s", STANDBY_MACHINE, "a", ""));
	assert_false(standby_is_key("s", STANDBY_MACHINE, "a", "ft_"));
	/* A launch of that id has another token. */
	token_derive("s", "a", other);
	assert_string_not_equal(key, other);
}

static void the_command_pins_the_script_and_is_one_line(void **state)
{
	CLEANUP(free) char *command = NULL;
	char key[TOKEN_TEXT], sum[TOKEN_HASH_TEXT];
	struct err err;

	(void)state;
	standby_key("s", STANDBY_POOL, "web-1", key);
	token_hash("the script", sum);
	assert_ok(standby_command(URL, "the script", "s", STANDBY_POOL, "web-1", &command,
				  &err),
		  &err);
	assert_memory_equal(command, "#!/bin/sh\n", 10);
	assert_int_equal(strcspn(command + 10, "\n") + 11, strlen(command));
	assert_non_null(strstr(command, URL "/v1/agent/standby"));
	assert_non_null(strstr(command, sum));
	assert_non_null(strstr(command, key));
	assert_non_null(strstr(command, " pool web-1;"));
	/* A terminal takes no longer line. */
	assert_true(strlen(command) < 1024);
}

static void names_that_a_shell_could_take_for_more_are_refused(void **state)
{
	static const char *const bad[] = { "",     "-x", "a b", "a;b",
					   "$(a)", "A",  "a\n", "a/b" };
	char *command = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(standby_command(URL, "", "s", STANDBY_MACHINE, bad[i],
						 &command, &err),
				 ERR_INVAL);
	assert_null(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_script_has_the_controller_and_no_secret),
		cmocka_unit_test(a_key_is_of_one_kind_name_and_secret),
		cmocka_unit_test(the_command_pins_the_script_and_is_one_line),
		cmocka_unit_test(names_that_a_shell_could_take_for_more_are_refused),
	};

	return cmocka_run_group_tests_name("standby", tests, NULL, NULL);
}
