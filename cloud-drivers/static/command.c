/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 200 /* bytes of its end that are kept */

struct running {
	pid_t pid;
	int pidfd, out;
	char tail[OUTPUT_MAX + 1];
	size_t len;
};

static int spawn(const char *text, char *const *env, int out, pid_t *ret)
{
	char *argv[] = { (char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t)text, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(ret, argv[0], &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Keeps the end of what it writes. */
static void take_output(struct running *r)
{
	char text[512];
	ssize_t n;

	while ((n = read(r->out, text, sizeof(text))) > 0) {
		const size_t more = MIN((size_t)n, (size_t)OUTPUT_MAX);
		const size_t keep = MIN(r->len, OUTPUT_MAX - more);

		memmove(r->tail, r->tail + r->len - keep, keep);
		memcpy(r->tail + keep, text + n - more, more);
		r->len = keep + more;
		r->tail[r->len] = '\0';
	}
}

/* Whether it ended in time. */
static bool await(struct running *r, int64_t deadline)
{
	bool is_open = true;

	for (;;) {
		struct pollfd p[] = { { .fd = r->pidfd, .events = POLLIN },
				      { .fd = is_open ? r->out : -1, .events = POLLIN } };
		const int64_t left = deadline - clock_mono_ms();

		if (left <= 0)
			return false;
		if (poll(p, ARRAY_SIZE(p), (int)MIN(left, INT64_C(60000))) < 0)
			continue;
		take_output(r);
		is_open &= !(p[1].revents & POLLHUP);
		if (p[0].revents)
			return true;
	}
}

static const char *words_of(struct running *r)
{
	size_t n;

	utf8_make_plain(r->tail, OUTPUT_MAX);
	for (n = strlen(r->tail); n > 0 && strchr(" ?", r->tail[n - 1]); n--)
		r->tail[n - 1] = '\0';
	return r->tail;
}

static int finish(struct running *r, bool is_over, struct err *err)
{
	int status = 0;

	if (!is_over)
		(void)kill(-r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!is_over)
		return err_set(err, ERR_UNAVAIL, "it took too long and was ended: %s",
			       words_of(r));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_UNAVAIL, "it ended with %s %d: %s",
		       WIFEXITED(status) ? "status" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		       words_of(r));
}

int command_run(const char *text, char *const *env, int64_t wait_ms, struct err *err)
{
	const int64_t deadline = clock_mono_ms() + wait_ms;
	CLEANUP(close_fd) int from = -1;
	CLEANUP(close_fd) int pidfd = -1;
	struct running r = { .pid = -1 };
	int pair[2], rc;

	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(err, ERR_UNAVAIL, "a pipe for a command");
	r.out = from = pair[0];
	rc = spawn(text, env, pair[1], &r.pid);
	close(pair[1]);
	errno = rc;
	if (rc)
		return err_errno(err, ERR_UNAVAIL, "/bin/sh cannot be started");
	r.pidfd = pidfd = (int)syscall(SYS_pidfd_open, r.pid, 0);
	return finish(&r, pidfd >= 0 && await(&r, deadline), err);
}
