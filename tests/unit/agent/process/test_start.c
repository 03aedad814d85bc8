/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A start that takes long, as on a slow disk, does not hold whoever starts it; and what a
 * process is given. */
#include "test.h"

#include "clock.h"
#include "process.h"

#include "check.h"
#include "text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FAST_MS 1000 /* far less than what is waited for, on a machine that is busy */

struct ending {
	bool told;
	struct proc_exit how;
};

static void on_exit_of(void *arg, struct proc_exit how)
{
	*(struct ending *)arg = (struct ending){ true, how };
}

/* A pipe that is full: who writes to it waits until it is read. */
static void make_full(int fds[2])
{
	char bytes[4096] = "";

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fds[1], bytes, sizeof(bytes)) > 0 || write(fds[1], bytes, 1) > 0)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
}

/* The child waits between fork and exec; its program is at path. */
static struct ending start_late(const char *path)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	char *argv[] = { (char *)(uintptr_t)path, NULL }, *env[] = { NULL };
	int64_t began, until = clock_mono_ms() + PATIENCE_MS;
	struct proc_watch *w = NULL;
	struct proc_started p;
	struct ending e = { 0 };
	struct err err;
	int fds[2];
	const struct proc_spec spec = {
		.path = path,
		.argv = argv,
		.env = env,
		.fds = { -1, -1, -1 },
		.cgroup_fds = &fds[1],
		.n_cgroup_fds = 1,
		.oom_score_adjust = INT_MIN,
	};
	char bytes[4096];

	make_full(fds);
	assert_ok(loop_new(&loop, &err), &err);
	began = clock_mono_ms();
	assert_ok(proc_start(&spec, &p, &err), &err);
	assert_true(clock_mono_ms() - began < FAST_MS);
	assert_true(p.report_fd >= 0);
	assert_ok(proc_watch_started(loop, &p, on_exit_of, &e, &w, &err), &err);
	loop_once(loop, 1);
	assert_false(e.told);
	while (read(fds[0], bytes, sizeof(bytes)) > 0)
		;
	while (!e.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(e.told);
	close(fds[0]);
	close(fds[1]);
	return e;
}

static void a_slow_start_is_not_waited_for(void **state)
{
	struct ending e = start_late("/bin/true");

	(void)state;
	assert_int_equal(e.how.kind, PROC_EXITED);
	assert_int_equal(e.how.value, 0);
}

static void what_fails_late_is_told_at_the_end(void **state)
{
	struct ending e = start_late("/nowhere");
	char text[200];

	(void)state;
	assert_int_equal(e.how.kind, PROC_NOT_STARTED);
	proc_start_describe(e.how.value, text, sizeof(text));
	assert_string_equal(text, "executing: No such file or directory");
}

/* On a machine that is busy it may be told later, and then as above. */
static void what_fails_at_once_is_told_by_the_start(void **state)
{
	char *argv[] = { (char[]){ "/nowhere" }, NULL }, *env[] = { NULL };
	const struct proc_spec spec = {
		.path = argv[0],
		.argv = argv,
		.env = env,
		.fds = { -1, -1, -1 },
		.oom_score_adjust = INT_MIN,
	};
	struct proc_started p;
	struct err err;
	int rc, n = 0;

	(void)state;
	do {
		rc = proc_start(&spec, &p, &err);
		if (rc == 0)
			close(p.report_fd);
	} while (rc == 0 && n++ < 1000);
	assert_int_equal(rc, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "/nowhere: No such file or directory");
}

/* A shell that writes to fd; the caller may give it more. */
static struct proc_spec shell_spec(const char *command, int fd)
{
	static char sh[] = "/bin/sh", c[] = "-c", path[] = PROC_PATH;
	static char *argv[] = { sh, c, NULL, NULL };
	static char *env[] = { path, NULL };

	argv[2] = (char *)(uintptr_t)command;
	return (struct proc_spec){ .path = sh,
				   .argv = argv,
				   .env = env,
				   .fds = { -1, fd, fd },
				   .umask = 022,
				   .oom_score_adjust = INT_MIN };
}

static struct ending wait_for(const struct proc_started *p)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct proc_watch *w = NULL;
	struct ending e = { 0 };
	struct err err;

	assert_ok(loop_new(&loop, &err), &err);
	assert_ok(proc_watch_started(loop, p, on_exit_of, &e, &w, &err), &err);
	while (!e.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(e.told);
	return e;
}

/* What it wrote, once it has ended. */
static const char *output_of(struct proc_spec *s, int from)
{
	static char text[1000];
	struct proc_started p;
	struct ending e;
	struct err err;
	ssize_t n;

	assert_ok(proc_start(s, &p, &err), &err);
	e = wait_for(&p);
	assert_int_equal(e.how.kind, PROC_EXITED);
	n = read(from, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void a_process_has_the_limits_and_the_place_that_it_was_given(void **state)
{
	static const char shows[] =
		"ulimit -Sn; ulimit -Hn; umask; pwd; nice; id -u; id -G;"
		" grep NoNewPrivs /proc/self/status; wc -c </dev/stdin";
	const struct proc_limit limits[] = { { RLIMIT_NOFILE, { 200, 300 } } };
	const gid_t groups[] = { 7 };
	struct proc_spec s;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s = shell_spec(shows, fds[1]);
	s.limits = limits;
	s.n_limits = ARRAY_SIZE(limits);
	s.umask = 027;
	s.workdir = "/usr";
	s.nice = 15;
	s.no_new_privs = true;
	s.set_ids = true;
	s.groups = groups;
	s.n_groups = ARRAY_SIZE(groups);
	assert_string_equal(output_of(&s, fds[0]),
			    "200\n300\n0027\n/usr\n15\n0\n0 7\nNoNewPrivs:\t1\n0\n");
	close(fds[0]);
	close(fds[1]);
}

static void a_process_does_not_go_first_as_the_agent_does(void **state)
{
	struct proc_spec s;
	const char *text;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s = shell_spec("nice", fds[1]);
	(void)setpriority(PRIO_PROCESS, 0, -5);
	text = output_of(&s, fds[0]);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	assert_string_equal(text, "0\n");
	close(fds[0]);
	close(fds[1]);
}

static void a_folder_that_may_be_missing_is_the_root(void **state)
{
	struct proc_spec s;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s = shell_spec("pwd", fds[1]);
	s.workdir = "/nowhere";
	s.workdir_optional = true;
	assert_string_equal(output_of(&s, fds[0]), "/\n");
	close(fds[0]);
	close(fds[1]);
}

/* Told by the start, or on a machine that is busy at the end. */
static void assert_fails(const struct proc_spec *s, int code, const char *words)
{
	struct proc_started p;
	struct ending e;
	struct err err;
	int rc = proc_start(s, &p, &err);

	if (rc == 0) {
		e = wait_for(&p);
		assert_int_equal(e.how.kind, PROC_NOT_STARTED);
		proc_start_describe(e.how.value, err.msg, sizeof(err.msg));
	} else {
		assert_int_equal(rc, code);
	}
	if (!strstr(err.msg, words))
		fail_msg("'%s' has no '%s'", err.msg, words);
}

static void a_start_that_fails_names_its_step(void **state)
{
	static const int closed[] = { 9999 };
	const struct proc_limit none[] = { { 9999, { 1, 1 } } };
	const gid_t *groups = &(gid_t){ 1 };
	struct proc_spec s = shell_spec("true", -1);

	(void)state;
	s.workdir = "/nowhere";
	assert_fails(&s, ERR_NOT_FOUND, "WorkingDirectory: No such file or directory");
	s = shell_spec("true", -1);
	s.cgroup_fds = closed;
	s.n_cgroup_fds = 1;
	assert_fails(&s, ERR_INTERNAL, "entering the cgroup: Bad file descriptor");
	s = shell_spec("true", -1);
	s.limits = none;
	s.n_limits = 1;
	assert_fails(&s, ERR_INTERNAL, "limits: Invalid argument");
	s = shell_spec("true", closed[0]);
	assert_fails(&s, ERR_INTERNAL, "standard descriptors: Bad file descriptor");
	s = shell_spec("true", -1);
	s.set_ids = true;
	s.groups = groups;
	s.n_groups = (size_t)NGROUPS_MAX + 1;
	assert_fails(&s, ERR_INTERNAL, "User or Group: Invalid argument");
	s = shell_spec("true", -1);
	s.path = "/etc/passwd";
	assert_fails(&s, ERR_DENIED, "Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_start_is_not_waited_for),
		cmocka_unit_test(what_fails_late_is_told_at_the_end),
		cmocka_unit_test(what_fails_at_once_is_told_by_the_start),
		cmocka_unit_test(
			a_process_has_the_limits_and_the_place_that_it_was_given),
		cmocka_unit_test(a_process_does_not_go_first_as_the_agent_does),
		cmocka_unit_test(a_folder_that_may_be_missing_is_the_root),
		cmocka_unit_test(a_start_that_fails_names_its_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
