/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spawn.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define NAMESPACES \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)
#define FILES 65536
#define FIRST_FREE_FD 10 /* above all that the init gets, so that dup2() hits none */

/* ------------------------------------------------------------ between clone and exec */

struct child {
	const char *init;
	char *const *argv;
	char *const *envp;
	int null_fd, console_fd, talk_fd, lock_fd;
	struct limit {
		int resource;
		struct rlimit value;
	} limits[3];
};

#define UNOBSERVED __attribute__((no_sanitize("thread")))

UNOBSERVED static bool move_fd(int from, int to)
{
	return syscall(SYS_dup3, from, to, 0) == to;
}

/*
 * Only system calls from here on, and these without libc: what a sanitizer puts in front
 * of its functions may wait for a lock that another thread held when this process was
 * cloned.
 */
UNOBSERVED static _Noreturn void run_child(const struct child *c)
{
	static const char complaint[] = "Eforetide-local-init cannot be executed";

	for (size_t i = 0; i < ARRAY_SIZE(c->limits); i++)
		syscall(SYS_prlimit64, 0, c->limits[i].resource, &c->limits[i].value,
			NULL);
	if (move_fd(c->null_fd, 0) && move_fd(c->console_fd, 1) &&
	    move_fd(c->console_fd, 2) && move_fd(c->talk_fd, SPAWN_FD) &&
	    move_fd(c->lock_fd, SPAWN_LOCK_FD) && syscall(SYS_setsid) >= 0)
		syscall(SYS_execve, c->init, c->argv, c->envp);
	syscall(SYS_write, c->talk_fd, complaint, sizeof(complaint) - 1);
	for (;;)
		syscall(SYS_exit_group, 127);
}

/* As fork(), but without the handlers of libraries and without SIGCHLD at its end. */
UNOBSERVED static pid_t clone_child(void)
{
	return (pid_t)syscall(SYS_clone, NAMESPACES, NULL, NULL, NULL, 0);
}

/* ---------------------------------------------------------------- the maker's side */

static int high_fd(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

	if (fd >= 0)
		close(fd);
	return high;
}

static int make_talk(int *ret_ours, int *ret_its)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	*ret_ours = ends[0];
	*ret_its = high_fd(ends[1]);
	return *ret_its < 0 ? -1 : 0;
}

/* The driver's own limits are no host's: as after a boot, with files for many users. */
static void fill_limits(struct child *c)
{
	const struct {
		int resource;
		rlim_t want;
	} soft[] = {
		{ RLIMIT_AS, RLIM_INFINITY },
		{ RLIMIT_NOFILE, FILES },
		{ RLIMIT_CORE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(soft); i++) {
		struct limit *l = &c->limits[i];

		l->resource = soft[i].resource;
		(void)getrlimit((__rlimit_resource_t)l->resource, &l->value);
		l->value.rlim_cur = MIN(soft[i].want, l->value.rlim_max);
	}
}

int spawn_init(const char *init, int dirfd, const char *folder, struct spawn *ret,
	       struct err *err)
{
	CLEANUP(close_fd) int ours = -1;
	CLEANUP(close_fd) int its = -1;
	CLEANUP(close_fd) int null_fd = high_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
	CLEANUP(close_fd)
	int console_fd = high_fd(openat(dirfd, "console.log",
					O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	/* a duplicate shares the lock */
	CLEANUP(close_fd) int lock_fd = fcntl(dirfd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	CLEANUP(free) char *name = xstrdup("foretide-local-init");
	CLEANUP(free) char *where = xstrdup(folder);
	char *argv[] = { name, where, NULL };
	char *envp[] = { NULL };
	struct child c = { .init = init, .argv = argv, .envp = envp };
	pid_t pid;

	if (null_fd < 0 || console_fd < 0 || lock_fd < 0 || make_talk(&ours, &its) < 0)
		return err_errno(err, ERR_INTERNAL, "opening the init's descriptors");
	c.null_fd = null_fd;
	c.console_fd = console_fd;
	c.talk_fd = its;
	c.lock_fd = lock_fd;
	fill_limits(&c);
	pid = clone_child();
	if (pid == 0)
		run_child(&c);
	if (pid < 0)
		return err_errno(err, errno == EPERM ? ERR_DENIED : ERR_INTERNAL,
				 "cloning a process into new namespaces");
	ret->pid = pid;
	ret->fd = ours;
	ours = -1;
	return 0;
}

static int wait_readable(int fd, int64_t wait_ms, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = clock_mono_ms() + wait_ms;

	for (;;) {
		int64_t left = deadline - clock_mono_ms();
		int ready = poll(&p, 1, left > 0 ? (int)MIN(left, 60000) : 0);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return err_errno(err, ERR_INTERNAL, "waiting for the init");
		if (left <= 0)
			return err_set(err, ERR_TIMEOUT,
				       "the host's init did not answer in time");
	}
}

int spawn_receive(struct spawn *s, char want, int64_t wait_ms, struct err *err)
{
	char text[ERR_MSG_MAX];
	ssize_t n;
	int rc = wait_readable(s->fd, wait_ms, err);

	if (rc < 0)
		return rc;
	n = recv(s->fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (text[0] == want)
		return 0;
	if (text[0] == 'E')
		return err_set(err, ERR_INTERNAL, "%s", text + 1);
	return err_set(err, ERR_INTERNAL, "the host's init exited before it was ready");
}

bool spawn_complained(struct spawn *s, struct err *err)
{
	char text[ERR_MSG_MAX];
	ssize_t n = recv(s->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	if (text[0] != 'E')
		return false;
	(void)err_set(err, ERR_INTERNAL, "%s", text + 1);
	return true;
}

int spawn_go(struct spawn *s, struct err *err)
{
	if (send(s->fd, "G", 1, MSG_NOSIGNAL) != 1)
		return err_errno(err, ERR_INTERNAL, "the host's init has exited");
	return 0;
}

void spawn_done(struct spawn *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
