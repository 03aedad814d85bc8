/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes, in a folder of its own. */
#include "test.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "conf.h"
#include "loop.h"
#include "proc.h"
#include "units.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 8000

struct fixture {
	struct loop *loop;
	struct unit_log *log;
	struct units *units;
	char dir[64];
	char logs[80];
	char cgroup[64];
	size_t changes;
};

static void on_change(void *arg, const char *name)
{
	struct fixture *f = arg;

	(void)name;
	f->changes++;
}

static void open_units(struct fixture *f)
{
	struct units_opts o = { .state_dir = f->dir,
				.cgroup_name = *f->cgroup ? f->cgroup : NULL,
				.host = "testhost",
				.log = f->log,
				.on_change = on_change,
				.arg = f };
	struct err e;

	assert_ok(units_own_open(f->loop, &o, &f->units, &e), &e);
}

static int set_up_with(void **state, bool cgroup)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	snprintf(f->dir, sizeof(f->dir), "/tmp/ftu.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chmod(f->dir, 0777), 0);
	snprintf(f->logs, sizeof(f->logs), "%s/logs", f->dir);
	if (cgroup)
		snprintf(f->cgroup, sizeof(f->cgroup), "ftu-%d", (int)getpid());
	assert_ok(loop_new(&f->loop, &e), &e);
	assert_ok(unit_log_open(f->loop, f->logs, 1 << 20, &f->log, &e), &e);
	open_units(f);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, true);
}

static int set_up_without_cgroup(void **state)
{
	return set_up_with(state, false);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *w)
{
	(void)st;
	(void)flag;
	(void)w;
	return remove(path);
}

static int remove_group(const char *path, const struct stat *st, int flag, struct FTW *w)
{
	(void)st;
	(void)w;
	return flag == FTW_DP ? (void)rmdir(path), 0 : 0;
}

/* One test leaves a process in its group on purpose. */
static void remove_groups(const struct fixture *f)
{
	static const char *const hierarchies[] = { "", "/systemd", "/cpuacct",
						   "/unified" };

	for (size_t i = 0; *f->cgroup && i < ARRAY_SIZE(hierarchies); i++) {
		CLEANUP(free)
		char *top = xasprintf("/sys/fs/cgroup%s/%s", hierarchies[i], f->cgroup);

		(void)nftw(top, remove_group, 8, FTW_DEPTH | FTW_PHYS);
	}
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	if (!f->units)
		open_units(f);
	while (units_at(f->units, 0) && clock_mono_ms() < until) {
		for (size_t i = 0; units_at(f->units, i); i++)
			units_drop(f->units, units_at(f->units, i));
		loop_once(f->loop, 20);
	}
	units_close(f->units);
	unit_log_close(f->log);
	loop_free(f->loop);
	remove_groups(f);
	nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void set(struct fixture *f, const char *name, const char *hash, const char *text)
{
	units_set(f->units, name, hash, text, true);
}

static const char *sub(struct fixture *f, const char *name)
{
	struct unit_status s;

	return units_get(f->units, name, &s) ? s.sub : "gone";
}

static struct unit_status status(struct fixture *f, const char *name)
{
	struct unit_status s = { 0 };

	assert_true(units_get(f->units, name, &s));
	return s;
}

static void wait_sub(struct fixture *f, const char *name, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (strcmp(sub(f, name), want) != 0) {
		if (clock_mono_ms() > until)
			fail_msg("%s is %s, not %s: %s", name, sub(f, name), want,
				 strcmp(sub(f, name), "gone") ? status(f, name).message
							      : "");
		loop_once(f->loop, 20);
	}
}

static char *content(const struct fixture *f, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", f->dir, name);
	char *text = NULL;

	return conf_read_file(path, 1 << 20, &text, NULL, NULL) < 0 ? NULL : text;
}

static void wait_content(struct fixture *f, const char *name, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		CLEANUP(free) char *text = content(f, name);

		if (text && strstr(text, want))
			return;
		if (clock_mono_ms() > until)
			fail_msg("%s holds '%s', not '%s'", name, text ? text : "(none)",
				 want);
		loop_once(f->loop, 20);
	}
}

static pid_t pid_in(struct fixture *f, const char *name)
{
	CLEANUP(free) char *text = NULL;
	int64_t pid = 0;
	struct err e;

	wait_content(f, name, "\n");
	text = content(f, name);
	text[strcspn(text, "\n")] = '\0';
	assert_ok(conf_parse_int(text, &pid, &e), &e);
	return (pid_t)pid;
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", f->dir, name);
	FILE *o = fopen(path, "w");

	assert_non_null(o);
	fputs(text, o);
	fclose(o);
}

static bool alive(pid_t pid)
{
	return proc_start_ticks(pid) != 0;
}

static void wait_dead(struct fixture *f, pid_t pid)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (alive(pid)) {
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 10);
	}
}

static void run_for(struct fixture *f, int64_t ms)
{
	for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		loop_once(f->loop, 5);
}

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
	assert_string_equal(status(f, "m.service").message,
			    "/nowhere/to/be/found: No such file or directory");
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
	assert_in_range(clock_mono_ms() - from, 140, 3000);
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

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
#define TEST_BARE(fn)                                                              \
	{                                                                          \
#fn "_without_cgroups", fn, set_up_without_cgroup, tear_down, NULL \
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
		TEST(a_new_hash_replaces_the_process),
		TEST(an_equal_set_changes_nothing),
		TEST(user_environment_and_folders_are_set),
		TEST(logs_have_times_and_a_tail),
		TEST(units_start_after_what_they_are_after),
		TEST(a_failed_requirement_fails_the_unit),
		TEST(what_runs_is_adopted_after_a_kill),
		TEST_BARE(what_runs_is_adopted_after_a_kill),
		TEST(what_ended_meanwhile_is_seen),
		TEST(the_log_goes_on_when_its_writer_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
