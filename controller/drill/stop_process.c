/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stop_process.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND_AFTER_MS 2000
#define SLICE_MS 50

static void sleep_slice(void)
{
	struct timespec left = { 0, SLICE_MS * 1000000L };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/*
 * In the child of a process with threads: only what is safe in a signal handler. It keeps
 * no file open, so that a controller that starts meanwhile finds no lock or port taken,
 * and signals nobody once its parent is another.
 */
static __attribute__((noreturn)) void child(pid_t parent, bool stops, int64_t for_ms)
{
	(void)close_range(0, ~0U, 0);
	if (stops && getppid() == parent)
		(void)kill(parent, SIGSTOP);
	for (int64_t slept = 0; slept < for_ms && getppid() == parent; slept += SLICE_MS)
		sleep_slice();
	if (getppid() == parent)
		(void)kill(parent, SIGCONT);
	_exit(0);
}

static pid_t begin(bool stops, int64_t for_ms)
{
	const pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		child(parent, stops, for_ms);
	return pid;
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int stop_process(void *unused, int64_t for_ms, bool (*should_end)(void *of), void *of,
		 struct err *err)
{
	const pid_t second = begin(false, for_ms + SECOND_AFTER_MS);
	const pid_t first = second > 0 ? begin(true, for_ms) : -1;
	int rc = 0;

	(void)unused;
	if (first < 0)
		rc = err_errno(err, ERR_UNAVAIL, "cannot start a process");
	while (first > 0 && !should_end(of) && waitpid(first, NULL, WNOHANG) == 0)
		sleep_slice();
	end(first);
	end(second);
	return rc;
}
