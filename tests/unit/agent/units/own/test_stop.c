/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes: how units fail, restart and stop. */
#include "units_fixture.h"

/* ---------------------------------------------------------------- failure */

static void restart_always_restarts(void **state)
{
	struct fixture *f = *state;
	pid_t first;
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	set(f, "r.service", "h",
	    "[Service]\nRestart=always\nRestartSec=20ms\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "r.service", "running");
	first = status(f, "r.service").main_pid;
	kill(first, SIGKILL);
	while (status(f, "r.service").restarts != 1 ||
	       strcmp(sub(f, "r.service"), "running") != 0) {
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 20);
	}
	assert_int_not_equal(status(f, "r.service").main_pid, first);
}

static void restart_on_failure_leaves_success_alone(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf("[Service]\nRestart=on-failure\nRestartSec=1ms\n"
			       "ExecStart=/bin/sh -c 'echo done >>%s/o'\n",
			       f->dir);

	set(f, "s.service", "h", text);
	wait_content(f, "o", "done");
	wait_sub(f, "s.service", "dead");
	assert_int_equal(status(f, "s.service").restarts, 0);
}

static void restart_on_abnormal_leaves_exit_codes_alone(void **state)
{
	struct fixture *f = *state;

	set(f, "s.service", "h",
	    "[Service]\nRestart=on-abnormal\nRestartSec=1ms\nExecStart=/bin/false\n");
	wait_sub(f, "s.service", "failed");
	assert_string_equal(status(f, "s.service").message,
			    "the main process exited with status 1");
}

static void a_crash_loop_ends_at_the_start_limit(void **state)
{
	struct fixture *f = *state;

	set(f, "l.service", "h",
	    "[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=60\n"
	    "[Service]\nRestart=always\nRestartSec=1ms\nExecStart=/bin/false\n");
	wait_sub(f, "l.service", "failed");
	assert_int_equal(status(f, "l.service").restarts, 3);
	assert_string_equal(status(f, "l.service").message,
			    "the main process exited with status 1; it was started too "
			    "often");
}

static void a_missing_program_fails_in_words(void **state)
{
	struct fixture *f = *state;

	set(f, "m.service", "h", "[Service]\nExecStart=/nowhere/to/be/found\n");
	wait_sub(f, "m.service", "failed");
	/* Before its name, or "was not started", when that was told late. */
	assert_non_null(
		strstr(status(f, "m.service").message, ": No such file or directory"));
}

static void a_failing_start_pre_prevents_the_start(void **state)
{
	struct fixture *f = *state;

	set(f, "p.service", "h",
	    "[Service]\nExecStartPre=/bin/false\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "p.service", "failed");
	assert_int_equal(status(f, "p.service").main_pid, 0);
}

static void a_wrong_text_is_told(void **state)
{
	struct fixture *f = *state;

	set(f, "w.service", "h", "[Service]\nRestart=sometimes\nExecStart=/bin/true\n");
	assert_string_equal(status(f, "w.service").load, "error");
	assert_non_null(strstr(status(f, "w.service").message,
			       "Restart: 'sometimes' is not supported"));
}

/* ---------------------------------------------------------------- stopping */

static void the_whole_group_is_stopped(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nExecStart=/bin/sh -c 'setsid sleep 1000 & echo $! >%s/child; "
		"wait'\n",
		f->dir);
	pid_t child;

	set(f, "k.service", "h", text);
	wait_sub(f, "k.service", "running");
	child = pid_in(f, "child");
	assert_true(alive(child));
	units_drop(f->units, "k.service");
	wait_sub(f, "k.service", "gone");
	assert_false(alive(child));
}

static void kill_mode_process_leaves_children(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text =
		xasprintf("[Service]\nKillMode=process\n"
			  "ExecStart=/bin/sh -c 'sleep 1000 & echo $! >%s/child; wait'\n",
			  f->dir);
	pid_t child;

	set(f, "k.service", "h", text);
	wait_sub(f, "k.service", "running");
	child = pid_in(f, "child");
	units_drop(f->units, "k.service");
	wait_sub(f, "k.service", "gone");
	assert_true(alive(child));
	kill(child, SIGKILL);
	wait_dead(f, child);
}

static void a_deaf_process_is_killed_after_the_timeout(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text =
		xasprintf("[Service]\nTimeoutStopSec=150ms\n"
			  "ExecStart=/bin/sh -c 'trap \"\" TERM; echo up >%s/up; while "
			  ":; do sleep 1000; done'\n",
			  f->dir);
	int64_t from;
	pid_t pid;

	set(f, "d.service", "h", text);
	wait_content(f, "up", "up");
	pid = status(f, "d.service").main_pid;
	from = clock_mono_ms();
	units_set(f->units, "d.service", "h", text, false);
	wait_sub(f, "d.service", "dead");
	assert_false(alive(pid));
	assert_in_range(clock_mono_ms() - from, 140, PATIENCE_MS);
}

static void the_kill_signal_can_be_chosen(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nKillSignal=SIGQUIT\nExecStart=/bin/sh -c 'trap \"echo quit "
		">%s/got; exit 0\" QUIT; echo up >%s/up; while :; do sleep .01; done'\n",
		f->dir, f->dir);

	set(f, "q.service", "h", text);
	wait_content(f, "up", "up");
	units_drop(f->units, "q.service");
	wait_sub(f, "q.service", "gone");
	wait_content(f, "got", "quit");
}

static void a_new_hash_replaces_the_process(void **state)
{
	struct fixture *f = *state;
	struct unit_status s;
	pid_t first;

	set(f, "x.service", "h1", "[Service]\nExecStart=/bin/sleep 1001\n");
	wait_sub(f, "x.service", "running");
	first = status(f, "x.service").main_pid;
	set(f, "x.service", "h2", "[Service]\nExecStart=/bin/sleep 1002\n");
	wait_dead(f, first);
	wait_sub(f, "x.service", "running");
	s = status(f, "x.service");
	assert_string_equal(s.hash, "h2");
	assert_int_not_equal(s.main_pid, first);
}

static void an_equal_set_changes_nothing(void **state)
{
	struct fixture *f = *state;
	size_t changes;

	set(f, "x.service", "h1", "[Service]\nExecStart=/bin/sleep 1001\n");
	wait_sub(f, "x.service", "running");
	changes = f->changes;
	set(f, "x.service", "h1", "[Service]\nExecStart=/bin/sleep 1001\n");
	run_for(f, 30);
	assert_int_equal(f->changes, changes);
}

/* Its stop waits for app's; what else waits for app, and starts then, is none of its. */
static void a_stop_that_waited_runs_once(void **state)
{
	struct fixture *f = *state;
	static const char app[] =
		"[Unit]\nAfter=db.service\n[Service]\nExecStart=/bin/sh -c '"
		"trap \"sleep 0.1; exit 0\" TERM; while :; do sleep 0.02; done'\n";
	CLEANUP(free)
	char *db = xasprintf("[Service]\nExecStart=/bin/sleep 1000\n"
			     "ExecStop=/bin/sh -c 'echo stop >>%s/o'\n",
			     f->dir);
	CLEANUP(free) char *stops = NULL;

	set(f, "db.service", "h", db);
	set(f, "app.service", "h", app);
	wait_sub(f, "app.service", "running");
	units_set(f->units, "app.service", "h", app, false);
	units_set(f->units, "db.service", "h", db, false);
	set(f, "w.service", "h",
	    "[Unit]\nAfter=app.service\n[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "db.service", "dead");
	wait_sub(f, "w.service", "running");
	stops = content(f, "o");
	assert_string_equal(stops, "stop\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(restart_always_restarts),
		TEST(restart_on_failure_leaves_success_alone),
		TEST(restart_on_abnormal_leaves_exit_codes_alone),
		TEST(a_crash_loop_ends_at_the_start_limit),
		TEST(a_missing_program_fails_in_words),
		TEST(a_failing_start_pre_prevents_the_start),
		TEST(a_wrong_text_is_told),
		TEST(the_whole_group_is_stopped),
		TEST_BARE(the_whole_group_is_stopped),
		TEST(kill_mode_process_leaves_children),
		TEST(a_deaf_process_is_killed_after_the_timeout),
		TEST_BARE(a_deaf_process_is_killed_after_the_timeout),
		TEST(the_kill_signal_can_be_chosen),
		TEST(a_stop_that_waited_runs_once),
		TEST(a_new_hash_replaces_the_process),
		TEST(an_equal_set_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
