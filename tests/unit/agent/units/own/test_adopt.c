/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes: what outlives it. */
#include "units_fixture.h"

/* ---------------------------------------------------------------- adoption */

/* A supervisor in a process of its own that starts the unit and is then killed. */
static void start_in_another_life(struct fixture *f, const char *name, const char *text)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	CLEANUP(free) char *path = xasprintf("units/%s.json", name);
	bool running = false;
	pid_t pid;

	units_close(f->units);
	f->units = NULL;
	pid = fork();
	if (pid == 0) {
		struct fixture g = *f;

		if (loop_new(&g.loop, NULL) < 0 ||
		    unit_log_open(g.loop, g.logs, 1 << 20, &g.log, NULL) < 0)
			_exit(1);
		open_units(&g);
		set(&g, name, "h", text);
		for (;;)
			loop_once(g.loop, 20);
	}
	while (!running) {
		CLEANUP(free) char *saved = content(f, path);

		/* 5 is PHASE_RUNNING */
		running = saved && strstr(saved, "\"phase\":5");
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 5);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void what_runs_is_adopted_after_a_kill(void **state)
{
	struct fixture *f = *state;
	struct unit_status s;

	start_in_another_life(f, "a.service",
			      "[Service]\nRestart=on-failure\nRestartSec=10ms\n"
			      "ExecStart=/bin/sh -c 'while :; do echo tick; sleep .02; "
			      "done'\n");
	open_units(f);
	s = status(f, "a.service");
	assert_string_equal(s.sub, "running");
	assert_true(s.adopted);
	assert_true(alive(s.main_pid));
	set(f, "a.service", "h", "(equal hash: the text is not looked at)");
	assert_int_equal(status(f, "a.service").main_pid, s.main_pid);
	wait_content(f, "logs/a.service.log", "tick");
	kill(s.main_pid, SIGKILL);
	wait_dead(f, s.main_pid);
	for (int64_t until = clock_mono_ms() + PATIENCE_MS;
	     status(f, "a.service").restarts != 1;) {
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 10);
	}
	wait_sub(f, "a.service", "running");
}

static void what_ended_meanwhile_is_seen(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nExecStart=/bin/sh -c 'echo $$$$ >%s/pid; exec sleep "
		"1000'\n",
		f->dir);
	pid_t pid;

	start_in_another_life(f, "a.service", text);
	pid = pid_in(f, "pid");
	kill(pid, SIGKILL);
	wait_dead(f, pid);
	open_units(f);
	wait_sub(f, "a.service", "failed");
}

/* Who listens on the logger's socket; it may be about to. */
static pid_t logger_pid(struct fixture *f)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/.logger", f->logs);
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 5);
	}
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len), 0);
	close(fd);
	return who.pid;
}

static void the_log_goes_on_when_its_writer_is_killed(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nExecStart=/bin/sh -c 'echo before; while ! test -e %s/go; do "
		"sleep .01; done; echo after; exec sleep 1000'\n",
		f->dir);
	pid_t logger = logger_pid(f);

	assert_int_not_equal(logger, getpid());
	set(f, "a.service", "h", text);
	wait_content(f, "logs/a.service.log", "before");
	kill(logger, SIGKILL);
	wait_dead(f, logger);
	run_for(f, 20);
	write_file(f, "go", "");
	wait_content(f, "logs/a.service.log", "after");
	assert_string_equal(sub(f, "a.service"), "running");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_runs_is_adopted_after_a_kill),
		TEST_BARE(what_runs_is_adopted_after_a_kill),
		TEST(what_ended_meanwhile_is_seen),
		TEST(the_log_goes_on_when_its_writer_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
