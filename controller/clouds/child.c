/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "child.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---------------------------------------------------------------- the environment */

/* Where to find programs and how to reach the cloud: of ours these, and no others. */
static const char *const passed[] = {
	"http_proxy",   "https_proxy",  "HTTPS_PROXY",   "all_proxy",    "ALL_PROXY",
	"no_proxy",     "NO_PROXY",     "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ",
	"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
};

#define FIXED 3

struct environment {
	char *v[FIXED + ARRAY_SIZE(passed) + 1];
};

static void environment_done(struct environment *e)
{
	for (size_t i = 0; e->v[i]; i++)
		free(e->v[i]);
}

DEFINE_CLEANUP_OBJECT(struct environment, environment_done);

static void fill_environment(struct environment *e)
{
	size_t n = 0;

	e->v[n++] = xstrdup(
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	e->v[n++] = xstrdup("LANG=C.UTF-8");
	/* Each arena of malloc() reserves addresses, which are limited. */
	e->v[n++] = xstrdup("MALLOC_ARENA_MAX=2");
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (getenv(passed[i]))
			e->v[n++] = xasprintf("%s=%s", passed[i], getenv(passed[i]));
	e->v[n] = NULL;
}

/* ---------------------------------------------------------------- start */

struct ends {
	int ours[3], its[3];
};

static void ends_done(struct ends *e)
{
	for (int i = 0; i < 3; i++) {
		if (e->ours[i] >= 0)
			close(e->ours[i]);
		if (e->its[i] >= 0)
			close(e->its[i]);
	}
}

DEFINE_CLEANUP_OBJECT(struct ends, ends_done);

static int make_ends(struct ends *e, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_INTERNAL, "a socket for a driver");
	e->ours[0] = pair[0];
	e->its[0] = pair[1];
	for (int i = 1; i < 3; i++) {
		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_errno(err, ERR_INTERNAL, "a pipe for a driver");
		e->ours[i] = pair[0];
		e->its[i] = pair[1];
		(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int spawn(const struct child_spec *spec, const struct ends *e, pid_t *ret)
{
	CLEANUP(environment_done) struct environment env = { { NULL } };
	CLEANUP(free)
	char *memory = xasprintf("%llu", (unsigned long long)spec->memory_bytes);
	char *argv[] = { spec->program, memory, spec->how, spec->what, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int rc;

	fill_environment(&env);
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&files, e->its[i], i);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(ret, spec->program, &files, &attr, argv, env.v);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

int child_start(const struct child_spec *spec, struct child *ret, struct err *err)
{
	CLEANUP(ends_done)
	struct ends e = { .ours = { -1, -1, -1 }, .its = { -1, -1, -1 } };
	pid_t pid = -1;
	int rc = make_ends(&e, err), pidfd;

	if (rc < 0)
		return rc;
	errno = spawn(spec, &e, &pid);
	if (errno)
		return err_errno(err, ERR_UNAVAIL, "%s cannot be started", spec->program);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		rc = err_errno(err, ERR_UNAVAIL, "a descriptor of a driver's process");
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return rc;
	}
	*ret = (struct child){
		.pid = pid,
		.pidfd = pidfd,
		.in = e.ours[0],
		.out = e.ours[1],
		.err = e.ours[2],
	};
	e.ours[0] = e.ours[1] = e.ours[2] = -1;
	return 0;
}

/* ---------------------------------------------------------------- use and end */

bool child_write(const struct child *c, const char *text, size_t len,
		 int64_t deadline_mono_ms)
{
	struct pollfd p = { .fd = c->in, .events = POLLOUT };

	while (len > 0) {
		const ssize_t n = send(c->in, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		const int64_t left_ms = deadline_mono_ms - clock_mono_ms();

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return false;
		if (left_ms <= 0)
			return false;
		(void)poll(&p, 1, (int)MIN(left_ms, 60000));
	}
	return true;
}

void child_kill(const struct child *c)
{
	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
	/* Who writes to it waits no longer, even if others have inherited its input. */
	(void)shutdown(c->in, SHUT_RDWR);
}

static void say_how(const siginfo_t *info, char *ret, size_t size)
{
	if (info->si_code == CLD_EXITED)
		snprintf(ret, size, "ended with status %d", info->si_status);
	else
		snprintf(ret, size, "was ended by signal %d (%s)", info->si_status,
			 sigdescr_np(info->si_status));
}

void child_reap(struct child *c, char *ret_how, size_t size)
{
	siginfo_t info = { .si_code = 0 };

	while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	say_how(&info, ret_how, size);
	close(c->pidfd);
	close(c->in);
	close(c->out);
	close(c->err);
}
