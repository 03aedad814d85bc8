/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes that are watched until they end, and never taken for others. */
#include "loop_until.h"
#include "test.h"

#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench {
	struct loop *loop;
	struct proc_watch *w;
	struct proc_exit how;
	int told;
};

static int setup(void **state)
{
	static struct bench b;
	struct err e;

	b = (struct bench){ 0 };
	assert_ok(loop_new(&b.loop, &e), &e);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	loop_free(b->loop);
	return 0;
}

static void on_exit_of(void *arg, struct proc_exit how)
{
	struct bench *b = arg;

	b->told++;
	b->how = how;
}

/* That waits for a byte or the end of fd, then exits with 7. */
static pid_t child(int fd)
{
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)!read(fd, &byte, 1);
		_exit(7);
	}
	return pid;
}

static void watch(struct bench *b, pid_t pid)
{
	struct err e;

	assert_ok(proc_watch_new(b->loop, pid, proc_start_ticks(pid), on_exit_of, b,
				 &b->w, &e),
		  &e);
	assert_int_equal(proc_watch_pid(b->w), pid);
	assert_true(proc_watch_start(b->w) == proc_start_ticks(pid));
}

static void the_end_of_a_child_is_told_with_its_status(void **state)
{
	struct bench *b = *state;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	watch(b, child(fds[0]));
	assert_int_equal(write(fds[1], "x", 1), 1);
	LOOP_UNTIL(b->loop, b->told);
	assert_true(proc_exit_is_known(b->how));
	assert_int_equal(b->how.kind, PROC_EXITED);
	assert_int_equal(b->how.value, 7);
	watch(b, child(fds[0]));
	proc_watch_kill(b->w, SIGTERM);
	LOOP_UNTIL(b->loop, b->told == 2);
	assert_int_equal(b->how.kind, PROC_SIGNALLED);
	assert_int_equal(b->how.value, SIGTERM);
	close(fds[0]);
	close(fds[1]);
}

/* As of units that a former agent started. Which status it had, only newer kernels say.
 */
static void the_end_of_a_process_of_others_is_told_too(void **state)
{
	struct bench *b = *state;
	int fds[2], pids[2];
	pid_t middle, pid;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(pids), 0);
	middle = fork();
	if (middle == 0) {
		pid = child(fds[0]);
		_exit(write(pids[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	assert_int_equal(read(pids[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	watch(b, pid);
	assert_int_equal(write(fds[1], "x", 1), 1);
	LOOP_UNTIL(b->loop, b->told);
	if (proc_exit_is_known(b->how)) {
		assert_int_equal(b->how.kind, PROC_EXITED);
		assert_int_equal(b->how.value, 7);
	} else {
		assert_int_equal(b->how.kind, PROC_UNKNOWN);
	}
	for (size_t i = 0; i < 2; i++) {
		close(fds[i]);
		close(pids[i]);
	}
}

static void a_number_that_another_process_has_now_is_not_watched(void **state)
{
	struct bench *b = *state;
	struct err e;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = child(fds[0]);
	assert_int_equal(proc_watch_new(b->loop, pid, proc_start_ticks(pid) + 1,
					on_exit_of, b, &b->w, &e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "is now a different process"));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(proc_watch_new(b->loop, pid, 0, on_exit_of, b, &b->w, &e),
			 ERR_NOT_FOUND);
	assert_null(b->w);
	close(fds[0]);
	close(fds[1]);
}

/* Nobody waits for it any more, and it leaves no zombie. */
static void one_that_was_let_go_is_reaped_and_not_told(void **state)
{
	struct bench *b = *state;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = child(fds[0]);
	watch(b, pid);
	proc_watch_release(b->w);
	assert_int_equal(write(fds[1], "x", 1), 1);
	LOOP_UNTIL(b->loop, kill(pid, 0) < 0 && errno == ESRCH);
	assert_int_equal(b->told, 0);
	close(fds[0]);
	close(fds[1]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_end_of_a_child_is_told_with_its_status),
		TEST(the_end_of_a_process_of_others_is_told_too),
		TEST(a_number_that_another_process_has_now_is_not_watched),
		TEST(one_that_was_let_go_is_reaped_and_not_told),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
