/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes: kinds of units and what they find. */
#include "units_fixture.h"

/* ---------------------------------------------------------------- types */

static void a_simple_unit_runs_and_stops(void **state)
{
	struct fixture *f = *state;
	struct unit_status s;

	set(f, "a.service", "h1", "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "a.service", "running");
	s = status(f, "a.service");

	assert_string_equal(s.active, "active");
	assert_string_equal(s.load, "loaded");
	assert_true(alive(s.main_pid));
	units_set(f->units, "a.service", "h1", "", false);
	wait_sub(f, "a.service", "dead");
	assert_false(alive(s.main_pid));
	assert_string_equal(status(f, "a.service").active, "inactive");
}

static void commands_run_in_their_order(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nWorkingDirectory=%s\nEnvironment=\"A=x y\" B=1\n"
		"ExecStartPre=/bin/sh -c 'echo pre $$A >>out'\n"
		"ExecStartPre=-/bin/false\n"
		"ExecStart=/bin/sleep 1000\n"
		"ExecStartPost=/bin/sh -c 'echo post ${B} >>out'\n"
		"ExecReload=/bin/sh -c \"echo reload ${MAINPID} >>out\"\n"
		"ExecStop=/bin/sh -c 'echo stop >>out' ; /bin/sh -c 'echo again >>out'\n"
		"ExecStopPost=/bin/sh -c 'echo stop-post $$SERVICE_RESULT >>out'\n",
		f->dir);
	CLEANUP(free) char *want = NULL;
	CLEANUP(free) char *got = NULL;
	struct err e;

	set(f, "c@7.service", "h", text);
	wait_sub(f, "c@7.service", "running");
	want = xasprintf("pre x y\npost 1\nreload %d\nstop\nagain\nstop-post success\n",
			 (int)status(f, "c@7.service").main_pid);
	assert_ok(units_reload(f->units, "c@7.service", &e), &e);
	wait_sub(f, "c@7.service", "running");
	units_drop(f->units, "c@7.service");
	wait_sub(f, "c@7.service", "gone");
	got = content(f, "out");
	assert_string_equal(got, want);
}

static void a_oneshot_remains_after_exit(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf("[Service]\nType=oneshot\nRemainAfterExit=yes\n"
			       "ExecStart=/bin/sh -c 'echo 1 >>%s/o'\n"
			       "ExecStart=/bin/sh -c 'echo 2 >>%s/o'\n",
			       f->dir, f->dir);
	CLEANUP(free) char *got = NULL;

	set(f, "o.service", "h", text);
	wait_sub(f, "o.service", "exited");
	assert_string_equal(status(f, "o.service").active, "active");
	got = content(f, "o");
	assert_string_equal(got, "1\n2\n");
}

static void a_oneshot_without_it_ends_dead(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo done >%s/o'\n",
		f->dir);

	set(f, "o.service", "h", text);
	wait_content(f, "o", "done");
	wait_sub(f, "o.service", "dead");
	assert_string_equal(status(f, "o.service").message, "");
}

static void a_forking_unit_is_followed_by_its_pid_file(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=forking\nPIDFile=%s/pid\n"
		"ExecStart=/bin/sh -c 'setsid sleep 1000 </dev/null & echo $! >%s/pid'\n",
		f->dir, f->dir);
	pid_t pid;

	set(f, "f.service", "h", text);
	wait_sub(f, "f.service", "running");
	pid = status(f, "f.service").main_pid;
	assert_int_equal(pid, pid_in(f, "pid"));
	units_drop(f->units, "f.service");
	wait_sub(f, "f.service", "gone");
	assert_false(alive(pid));
}

static void a_forking_unit_without_pid_file_is_guessed(void **state)
{
	struct fixture *f = *state;
	pid_t pid;

	set(f, "g.service", "h",
	    "[Service]\nType=forking\n"
	    "ExecStart=/bin/sh -c 'setsid sleep 1000 & exit 0'\n");
	wait_sub(f, "g.service", "running");
	pid = status(f, "g.service").main_pid;
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait_sub(f, "g.service", "failed");
}

#define NOTIFY_PY                                                                \
	"import os,socket,sys,time\n"                                            \
	"s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"                    \
	"while not os.path.exists(sys.argv[1]): time.sleep(.01)\n"               \
	"s.sendto(b'STATUS=at work\\nREADY=1\\n',os.environ['NOTIFY_SOCKET'])\n" \
	"time.sleep(1000)\n"

static void a_notify_unit_starts_when_it_says_so(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=notify\nExecStart=/usr/bin/python3 %s/n.py %s/go\n",
		f->dir, f->dir);

	write_file(f, "n.py", NOTIFY_PY);
	set(f, "n.service", "h", text);
	run_for(f, 100);
	assert_string_equal(sub(f, "n.service"), "start");
	assert_string_equal(status(f, "n.service").active, "activating");
	write_file(f, "go", "");
	wait_sub(f, "n.service", "running");
	assert_string_equal(status(f, "n.service").message, "at work");
}

static void a_notify_unit_that_never_says_so_fails_in_time(void **state)
{
	struct fixture *f = *state;

	set(f, "n.service", "h",
	    "[Service]\nType=notify\nTimeoutStartSec=100ms\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "n.service", "failed");
	assert_string_equal(status(f, "n.service").message, "it did not start in time");
}

/* ---------------------------------------------------------------- surroundings */

static void user_environment_and_folders_are_set(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *name = xasprintf("ftu-%d", (int)getpid());
	CLEANUP(free) char *run = xasprintf("/run/%s", name);
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nUser=nobody\nRuntimeDirectory=%s\nEnvironmentFile=-%s/none\n"
		"EnvironmentFile=%s/env\nLimitNOFILE=512\nUMask=0027\n"
		"ExecStart=/bin/sh -c 'id -un; ulimit -n; umask; echo "
		"\"$$WORDS|%%i|%%n\"; "
		"stat -c owner-%%%%U $$RUNTIME_DIRECTORY; exec sleep 1000'\n",
		name, f->dir, f->dir);
	struct stat st;

	write_file(f, "env", "# comment\nWORDS=\"two words\"\nexport OTHER=1\n");
	set(f, "u@3.service", "h", text);
	wait_sub(f, "u@3.service", "running");
	wait_content(f, "logs/u@3.service.log", "owner-nobody\n");
	wait_content(f, "logs/u@3.service.log", " nobody\n");
	wait_content(f, "logs/u@3.service.log", " 512\n");
	wait_content(f, "logs/u@3.service.log", " 0027\n");
	wait_content(f, "logs/u@3.service.log", " two words|3|u@3.service\n");
	assert_int_equal(stat(run, &st), 0);
	units_drop(f->units, "u@3.service");
	wait_sub(f, "u@3.service", "gone");
	assert_int_equal(stat(run, &st), -1);
}

static void logs_have_times_and_a_tail(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_done) struct buf b;
	struct err e;

	set(f, "t.service", "h",
	    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo one; echo two >&2; "
	    "printf three'\n");
	wait_content(f, "logs/t.service.log", "three\n");
	buf_init(&b, 1 << 20);
	assert_ok(unit_log_tail(f->logs, "t.service", 2, &b, &e), &e);
	assert_non_null(strstr(buf_str(&b), "Z two\n"));
	assert_non_null(strstr(buf_str(&b), "Z three\n"));
	assert_null(strstr(buf_str(&b), "one"));
}

static void units_start_after_what_they_are_after(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *first = xasprintf(
		"[Service]\nType=oneshot\nRemainAfterExit=yes\n"
		"ExecStart=/bin/sh -c 'while ! test -e %s/go; do sleep .01; done'\n",
		f->dir);

	set(f, "a.service", "h", first);
	set(f, "b.service", "h",
	    "[Unit]\nAfter=a.service\nRequires=a.service\n"
	    "[Service]\nExecStart=/bin/sleep 1000\n");
	run_for(f, 50);
	assert_string_equal(sub(f, "b.service"), "waiting");
	write_file(f, "go", "");
	wait_sub(f, "b.service", "running");
}

static void a_failed_requirement_fails_the_unit(void **state)
{
	struct fixture *f = *state;

	set(f, "a.service", "h", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
	set(f, "b.service", "h",
	    "[Unit]\nAfter=a.service\nRequires=a.service\n"
	    "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "b.service", "failed");
	assert_string_equal(status(f, "b.service").message,
			    "a unit that it requires has failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_simple_unit_runs_and_stops),
		TEST(commands_run_in_their_order),
		TEST(a_oneshot_remains_after_exit),
		TEST(a_oneshot_without_it_ends_dead),
		TEST(a_forking_unit_is_followed_by_its_pid_file),
		TEST_BARE(a_forking_unit_is_followed_by_its_pid_file),
		TEST(a_forking_unit_without_pid_file_is_guessed),
		TEST_BARE(a_forking_unit_without_pid_file_is_guessed),
		TEST(a_notify_unit_starts_when_it_says_so),
		TEST(a_notify_unit_that_never_says_so_fails_in_time),
		TEST(user_environment_and_folders_are_set),
		TEST(logs_have_times_and_a_tail),
		TEST(units_start_after_what_they_are_after),
		TEST(a_failed_requirement_fails_the_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
