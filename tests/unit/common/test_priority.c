/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nice value of a session, seen from inside. */
#include "test.h"

#include "priority.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_OF_SESSION "/proc/self/autogroup"

static bool is_nice_7(void)
{
	char line[128] = "";
	FILE *f = fopen(FILE_OF_SESSION, "re");

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	(void)fclose(f);
	return strstr(line, " nice 7\n") != NULL;
}

/* Whether a child is, that has a session of its own, or has not. */
static bool is_child_nice_7(bool leads)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (leads)
			(void)setsid();
		priority_set_session(7);
		_exit(is_nice_7());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 1;
}

/* Where the kernel has such groups. */
static void a_session_of_its_own_gets_it(void **state)
{
	(void)state;
	assert_int_equal(is_child_nice_7(true), access(FILE_OF_SESSION, W_OK) == 0);
}

/* It is that of whoever started the process by hand. */
static void another_session_is_left_alone(void **state)
{
	(void)state;
	assert_false(is_nice_7());
	assert_false(is_child_nice_7(false));
	assert_false(is_nice_7());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_of_its_own_gets_it),
		cmocka_unit_test(another_session_is_left_alone),
	};

	return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
