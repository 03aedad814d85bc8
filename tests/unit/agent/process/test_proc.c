/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes as /proc shows them. */
#include "test.h"

#include "clock.h"
#include "process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between two programs a process has no environment for a moment. */
static void a_process_keeps_its_mark_while_it_executes_another_program(void **state)
{
	(void)state;
	assert_int_equal(setenv("FT_MARK", "here", 1), 0);
	for (int i = 0; i < 60; i++) {
		int64_t until = clock_mono_ms() + PATIENCE_MS;
		bool has_mark = true;
		/* The environment of this process itself is of before. */
		char *const argv[] = { "sh", "-c", "exec setsid sleep 1000", NULL };
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			execv("/bin/sh", argv);
			_exit(127);
		}
		while (!proc_has_env(pid, "FT_MARK=here") && clock_mono_ms() < until)
			;
		until = clock_mono_ms() + 5;
		while (has_mark && clock_mono_ms() < until)
			has_mark = proc_has_env(pid, "FT_MARK=here");
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_true(has_mark);
	}
	unsetenv("FT_MARK");
	assert_false(proc_has_env(getpid(), "FT_MARK=here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_process_keeps_its_mark_while_it_executes_another_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
