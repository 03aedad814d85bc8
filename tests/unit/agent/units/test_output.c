/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output of units, written by a process of its own, which may be killed. */
#include "loop_until.h"
#include "test.h"

#include "check.h"
#include "output.h"
#include "text.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define UNIT "a.service"

struct bench {
	char dir[64];
	struct loop *loop;
	struct unit_log *log;
};

#define UNTIL(b, condition) LOOP_UNTIL((b)->loop, condition)

static void begin(struct bench *b)
{
	struct err e;

	assert_ok(unit_log_open(b->loop, b->dir, 300, &b->log, &e), &e);
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct err e;

	strcpy(b->dir, "/tmp/foretide-out-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_ok(loop_new(&b->loop, &e), &e);
	begin(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", b->dir);

	unit_log_close(b->log);
	loop_free(b->loop);
	free(b);
	return system(command);
}

/* ---------------------------------------------------------------- what is there */

static int open_pipe(struct bench *b)
{
	struct err e;
	int fd = -1;

	assert_ok(unit_log_pipe(b->log, UNIT, &fd, &e), &e);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static bool has(const struct bench *b, const char *file, const char *words)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", b->dir, file);
	CLEANUP(free) char *text = NULL;

	return conf_read_file(path, 1 << 20, &text, NULL, NULL) == 0 &&
	       strstr(text, words);
}

/* The last lines, without their times; the caller frees. */
static char *tail(const struct bench *b, size_t lines)
{
	CLEANUP(buf_done) struct buf all;
	CLEANUP(buf_done) struct buf words;
	struct err e;

	buf_init(&all, 1 << 20);
	buf_init(&words, 1 << 20);
	assert_ok(unit_log_tail(b->dir, UNIT, lines, &all, &e), &e);
	for (char *next = buf_take(&all), *at = next, *line;
	     (line = strsep(&at, "\n"));) {
		if (*line)
			buf_printf(&words, "%s|", strchr(line, ' ') + 1);
		if (!at)
			free(next);
	}
	return buf_take(&words);
}

static void assert_tail(const struct bench *b, size_t lines, const char *words)
{
	CLEANUP(free) char *got = tail(b, lines);

	assert_string_equal(got, words);
}

/* The process that writes for this folder, which listens at its socket; -1: not yet. */
static pid_t logger(const struct bench *b)
{
	CLEANUP(free) char *path = xasprintf("%s/.logger", b->dir);
	CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);

	strcpy(at.sun_path, path);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n), 0);
	return peer.pid;
}

/* ---------------------------------------------------------------- tests */

static void lines_are_written_whole_with_their_time(void **state)
{
	struct bench *b = *state;
	int fd = open_pipe(b);

	say(fd, "one\ntw");
	UNTIL(b, has(b, UNIT ".log", "Z one\n"));
	assert_false(has(b, UNIT ".log", "tw"));
	say(fd, "o\nthree");
	UNTIL(b, has(b, UNIT ".log", "Z two\n"));
	close(fd);
	unit_log_forget(b->log, UNIT);
	UNTIL(b, has(b, UNIT ".log", "Z three\n"));
	assert_tail(b, 2, "two|three|");
	assert_tail(b, 10, "one|two|three|");
	assert_tail(b, 0, "");
}

static void a_full_file_makes_room(void **state)
{
	CLEANUP(free) char *long_line = xasprintf("%0400d\n", 7);
	struct bench *b = *state;
	int fd = open_pipe(b);

	say(fd, long_line);
	UNTIL(b, has(b, UNIT ".log", "7\n"));
	say(fd, "next\n");
	UNTIL(b, has(b, UNIT ".log.1", "7\n") && has(b, UNIT ".log", "next\n"));
	assert_tail(b, 10, "next|");
	close(fd);
}

static void only_names_of_units_are_files(void **state)
{
	static const char *const names[] = { "../a", ".hidden" };
	struct bench *b = *state;
	CLEANUP(buf_done) struct buf none;
	struct err e;
	int fd, good = open_pipe(b);

	buf_init(&none, 100);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(unit_log_tail(b->dir, names[i], 1, &none, &e),
				 ERR_INVAL);
		assert_ok(unit_log_pipe(b->log, names[i], &fd, &e), &e);
		(void)!write(fd, "x\n", 2);
		close(fd);
	}
	say(good, "good\n");
	UNTIL(b, has(b, UNIT ".log", "good"));
	assert_false(has(b, "../a.log", "x") || has(b, ".hidden.log", "x"));
	close(good);
}

static void a_killed_writer_is_replaced_and_no_unit_notices(void **state)
{
	struct bench *b = *state;
	int fd = open_pipe(b);
	pid_t first;

	UNTIL(b, (first = logger(b)) > 0);
	say(fd, "before\n");
	UNTIL(b, has(b, UNIT ".log", "before"));
	assert_int_not_equal(first, getpid());
	assert_int_equal(kill(first, SIGKILL), 0);
	UNTIL(b, logger(b) != first); /* what it had read would be lost */
	say(fd, "after\n");
	UNTIL(b, has(b, UNIT ".log", "after"));
	close(fd);
}

static void the_writer_outlives_the_agent_and_is_found_again(void **state)
{
	struct bench *b = *state;
	int fd = open_pipe(b);
	pid_t first;

	UNTIL(b, (first = logger(b)) > 0);
	unit_log_close(TAKE(b->log));
	say(fd, "alone\n");
	UNTIL(b, has(b, UNIT ".log", "alone"));
	begin(b);
	assert_int_equal(logger(b), first);
	say(fd, "again\n");
	UNTIL(b, has(b, UNIT ".log", "again"));
	close(fd);
}

/* The output of a unit that runs already, as a restarted agent finds it when the writer
 * is gone as well. */
static void a_unit_that_runs_is_taken_over(void **state)
{
	struct bench *b = *state;
	int fds[2], hold[2];
	pid_t unit;

	assert_true(pipe(fds) == 0 && pipe(hold) == 0);
	unit = fork();
	assert_true(unit >= 0);
	if (unit == 0) {
		char c;

		close(hold[1]);
		dup2(fds[1], 1);
		(void)!write(1, "taken\n", 6);
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	close(fds[1]);
	UNTIL(b, ({
		      struct pollfd p = { .fd = fds[0], .events = POLLIN };
		      poll(&p, 1, 0) == 1;
	      }));
	unit_log_adopt(b->log, UNIT, unit);
	UNTIL(b, has(b, UNIT ".log", "taken"));
	close(hold[1]);
	assert_int_equal(waitpid(unit, NULL, 0), unit);
	close(hold[0]);
	close(fds[0]);
	unit_log_adopt(b->log, UNIT, unit); /* it is no more */
}

/* A child that has not taken its descriptors yet has those of the agent. */
static void the_agents_own_output_is_no_units(void **state)
{
	struct bench *b = *state;
	int fds[2], own = dup(STDOUT_FILENO), later;
	char got[8] = "";
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	unit_log_adopt(b->log, UNIT, child);
	assert_int_equal(dup2(own, STDOUT_FILENO), STDOUT_FILENO);
	say(fds[1], "mine\n");
	later = open_pipe(b); /* the writer takes one after the other */
	say(later, "later\n");
	UNTIL(b, has(b, UNIT ".log", "later"));
	assert_false(has(b, UNIT ".log", "mine"));
	assert_int_equal(read(fds[0], got, sizeof(got)), 5);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(later);
	close(own);
	close(fds[0]);
	close(fds[1]);
}

static void a_folder_that_cannot_be_is_told(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *long_dir = xasprintf("%s/%0120d", b->dir, 0);
	struct unit_log *none = NULL;
	struct err e;

	assert_int_equal(unit_log_open(b->loop, "/dev/null/x", 300, &none, &e),
			 ERR_INTERNAL);
	assert_int_equal(unit_log_open(b->loop, long_dir, 300, &none, &e), ERR_LIMIT);
	assert_null(none);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_written_whole_with_their_time),
		TEST(a_full_file_makes_room),
		TEST(only_names_of_units_are_files),
		TEST(a_killed_writer_is_replaced_and_no_unit_notices),
		TEST(the_writer_outlives_the_agent_and_is_found_again),
		TEST(a_unit_that_runs_is_taken_over),
		TEST(the_agents_own_output_is_no_units),
		TEST(a_folder_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
