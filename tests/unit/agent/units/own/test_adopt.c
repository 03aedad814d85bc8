/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes: what outlives it. */
#include "units_fixture.h"

#include <fcntl.h>
#include <limits.h>

static _Atomic int disk_writes = INT_MAX; /* so many, then it hangs */
static _Atomic bool disk_is_full;

/* In place of libc's: the last step of a write. */
int rename(const char *from, const char *to)
{
	while (disk_writes <= 0)
		usleep(1000);
	disk_writes--;
	if (!disk_is_full)
		return renameat(AT_FDCWD, from, AT_FDCWD, to);
	errno = ENOSPC;
	return -1;
}

static void let_disk_go_on(void)
{
	disk_writes = INT_MAX;
	disk_is_full = false;
}

/* ---------------------------------------------------------------- adoption */

/* A supervisor in a process of its own that starts the unit and is then killed. */
static pid_t begin_another_life(struct fixture *f, const char *name, const char *text)
{
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
	return pid;
}

static void end_another_life(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void start_in_another_life(struct fixture *f, const char *name, const char *text)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	CLEANUP(free) char *path = xasprintf("units/%s.json", name);
	pid_t pid = begin_another_life(f, name, text);
	bool running = false;

	while (!running) {
		CLEANUP(free) char *saved = content(f, path);

		/* 5 is PHASE_RUNNING */
		running = saved && strstr(saved, "\"phase\":5");
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 5);
	}
	end_another_life(pid);
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

/* Nothing is saved after the start has begun, so its process is not known. */
static void what_was_just_started_never_runs_twice(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nExecStart=/bin/sh -c 'echo $$$$ >%s/pid; exec sleep "
		"1000'\n",
		f->dir);
	pid_t agent, first, second;

	disk_writes = 1;
	agent = begin_another_life(f, "a.service", text);
	let_disk_go_on(); /* this one's; the other has its own copy of the number */
	first = pid_in(f, "pid");
	end_another_life(agent);
	write_file(f, "pid", "");
	open_units(f);
	set(f, "a.service", "h", text);
	second = pid_in(f, "pid");
	assert_int_not_equal(second, first);
	assert_false(alive(first));
	wait_sub(f, "a.service", "running");
	assert_int_equal(status(f, "a.service").main_pid, second);
}

static void a_start_waits_until_it_is_saved(void **state)
{
	struct fixture *f = *state;

	disk_writes = 0;
	set(f, "a.service", "h", "[Service]\nExecStart=/bin/sleep 1000\n");
	run_for(f, 50);
	assert_string_equal(sub(f, "a.service"), "start-pre");
	let_disk_go_on();
	wait_sub(f, "a.service", "running");
	/* So does the one after it: what is on the disk is of the first. */
	kill(status(f, "a.service").main_pid, SIGKILL);
	wait_sub(f, "a.service", "failed");
	disk_writes = 0;
	set(f, "a.service", "h2", "[Service]\nExecStart=/bin/sleep 1001\n");
	run_for(f, 50);
	assert_string_equal(sub(f, "a.service"), "start-pre");
	let_disk_go_on();
	wait_sub(f, "a.service", "running");
}

static void a_disk_that_fails_or_hangs_holds_no_start(void **state)
{
	struct fixture *f = *state;

	disk_is_full = true;
	set(f, "full.service", "h", "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "full.service", "running");
	run_for(f, 20);
	disk_writes = 0;
	set(f, "hung.service", "h", "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "hung.service", "running");
	let_disk_go_on();
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

#define OTHERS_LOG_PY                                                                \
	"import array,os,socket,sys,time\n"                                          \
	"s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET)\n"                    \
	"s.settimeout(.05)\n"                                                        \
	"s.connect(sys.argv[1]+'/logs/.logger')\n"                                   \
	"r,w=os.pipe()\n"                                                            \
	"os.write(w,b'not its own\\n')\n"                                            \
	"end=None\n"                                                                 \
	"try: s.sendmsg([b'other.service'],[(socket.SOL_SOCKET,socket.SCM_RIGHTS,"   \
	"array.array('i',[r]))])\n"                                                  \
	"except OSError: end='refused'\n"                                            \
	"while not end:\n"                                                           \
	" if os.path.exists(sys.argv[1]+'/logs/other.service.log'): end='written'\n" \
	" try: end=end or s.recv(1) or 'refused'\n"                                  \
	" except TimeoutError: pass\n"                                               \
	" except OSError: end='refused'\n"                                           \
	"print(end,file=open(sys.argv[1]+'/end','w'))\n"                             \
	"time.sleep(1000)\n"

static void a_unit_cannot_write_the_log_of_another(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf("[Service]\nExecStart=/usr/bin/python3 %s/l.py %s\n",
			       f->dir, f->dir);
	CLEANUP(free) char *other = NULL;

	(void)logger_pid(f);
	write_file(f, "l.py", OTHERS_LOG_PY);
	set(f, "a.service", "h", text);
	wait_content(f, "end", "refused");
	other = content(f, "logs/other.service.log");
	assert_null(other);
	/* Its own is written as before. */
	set(f, "b.service", "h", "[Service]\nExecStart=/bin/sh -c 'echo here'\n");
	wait_content(f, "logs/b.service.log", "here");
}

/* As that of an agent which was started elsewhere. */
static void move_away(struct fixture *f, pid_t pid)
{
	static const char *const hierarchies[] = { "/systemd", "/unified", "" };
	bool is_moved = false;

	for (size_t i = 0; !is_moved && i < ARRAY_SIZE(hierarchies); i++) {
		CLEANUP(free)
		char *dir =
			xasprintf("/sys/fs/cgroup%s/%s/away", hierarchies[i], f->cgroup);
		CLEANUP(free) char *procs = xasprintf("%s/cgroup.procs", dir);
		FILE *o;

		if (mkdir(dir, 0755) < 0 || !(o = fopen(procs, "w")))
			continue;
		is_moved = fprintf(o, "%d", (int)pid) > 0;
		is_moved = fclose(o) == 0 && is_moved;
	}
	assert_true(is_moved);
}

static void an_agent_that_the_writer_does_not_know_has_another(void **state)
{
	struct fixture *f = *state;
	pid_t old = logger_pid(f);
	struct err e;

	set(f, "a.service", "h", "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "a.service", "running");
	move_away(f, old);
	units_close(f->units);
	unit_log_close(f->log);
	assert_ok(unit_log_open(f->loop, f->logs, 1 << 20, &f->log, &e), &e);
	open_units(f);
	set(f, "a.service", "h", "[Service]\nExecStart=/bin/sleep 1000\n");
	set(f, "b.service", "h", "[Service]\nExecStart=/bin/sh -c 'echo here'\n");
	wait_content(f, "logs/b.service.log", "here");
	assert_int_not_equal(logger_pid(f), old);
	/* It ends with what it reads. */
	units_drop(f->units, "a.service");
	wait_dead(f, old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_runs_is_adopted_after_a_kill),
		TEST_BARE(what_runs_is_adopted_after_a_kill),
		TEST(what_ended_meanwhile_is_seen),
		TEST(what_was_just_started_never_runs_twice),
		TEST_BARE(what_was_just_started_never_runs_twice),
		TEST(a_start_waits_until_it_is_saved),
		TEST(a_disk_that_fails_or_hangs_holds_no_start),
		TEST(the_log_goes_on_when_its_writer_is_killed),
		TEST(a_unit_cannot_write_the_log_of_another),
		TEST(an_agent_that_the_writer_does_not_know_has_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
