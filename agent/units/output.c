/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output.h"

#include "check.h"
#include "log.h"
#include "logger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define LOG_MAGIC 0x756c6f67u

struct held {
	struct held *next;
	char *unit;
	int fd; /* the pipe's reading end */
};

struct unit_log {
	uint32_t magic;
	struct loop *loop;
	char *dir;
	size_t max_bytes;
	int fd;       /* to the writing process */
	bool started; /* by us, so it knows only what we sent it */
	struct held *held;
};

/* ---------------------------------------------------------------- the process */

static int address(const char *dir, struct sockaddr_un *ret, struct err *err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/.logger", dir) >=
	    (int)sizeof(ret->sun_path))
		return err_set(err, ERR_LIMIT, "the path %s is too long for a socket",
			       dir);
	return 0;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

/* Forked twice, so that it is not our child and need not be reaped. */
static int fork_logger(struct unit_log *l, int listen_fd, int client_fd, struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(err, ERR_INTERNAL, "fork");
	if (pid == 0) {
		if (setsid() < 0 || fork() != 0)
			_exit(0);
		/* Its unit makes it busy: before others it goes no more than units do. */
		(void)setpriority(PRIO_PROCESS, 0, 0);
		unit_logger_run(listen_fd, client_fd, l->dir, l->max_bytes);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static int start_logger(struct unit_log *l, struct err *err)
{
	CLEANUP(close_fd) int listen_fd = new_socket();
	CLEANUP(close_fd) int theirs = -1;
	struct sockaddr_un sa;
	int pair[2];
	int rc = address(l->dir, &sa, err);

	if (rc < 0)
		return rc;
	(void)unlink(sa.sun_path);
	if (listen_fd < 0 || bind(listen_fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(sa.sun_path, 0600) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", sa.sun_path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_INTERNAL, "socketpair");
	l->fd = pair[0];
	theirs = pair[1];
	l->started = true;
	return fork_logger(l, listen_fd, theirs, err);
}

static int send_pipe(const struct unit_log *l, const char *unit, int fd)
{
	struct iovec iov = { .iov_base = (char *)(uintptr_t)unit,
			     .iov_len = strlen(unit) };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(l->fd, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void on_logger(void *arg, int fd, uint32_t events);

/* Whether the writer takes us for its agent, which it says at once; one of an older
 * version says nothing. */
static bool is_taken(int fd)
{
	const struct timeval most = { .tv_sec = 5 };
	char said;
	ssize_t n;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	n = recv(fd, &said, 1, 0);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static int find_or_start(struct unit_log *l, struct err *err)
{
	struct sockaddr_un sa;
	int rc = address(l->dir, &sa, err);

	if (rc < 0)
		return rc;
	l->fd = new_socket();
	if (l->fd < 0)
		return err_errno(err, ERR_INTERNAL, "socket");
	if (connect(l->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || !is_taken(l->fd)) {
		close(l->fd);
		l->fd = -1;
		rc = start_logger(l, err);
	}
	return rc < 0 ? rc : loop_io_add(l->loop, l->fd, EPOLLIN, on_logger, l, err);
}

/* It ended, or does not want us: either way another takes over. */
static void replace_logger(struct unit_log *l)
{
	struct err e;

	loop_io_del(l->loop, l->fd);
	close(l->fd);
	l->fd = -1;
	log_warn("unit-logger-lost", STR("dir", l->dir));
	if (start_logger(l, &e) < 0 ||
	    loop_io_add(l->loop, l->fd, EPOLLIN, on_logger, l, &e) < 0) {
		log_error("unit-logger-failed", ERR(&e));
		return;
	}
	for (struct held *h = l->held; h; h = h->next)
		(void)send_pipe(l, h->unit, h->fd);
}

/* It says no more than that it takes us. */
static void on_logger(void *arg, int fd, uint32_t events)
{
	char said;
	ssize_t n = recv(fd, &said, 1, MSG_DONTWAIT);

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		replace_logger(arg);
}

/* ---------------------------------------------------------------- the object */

int unit_log_open(struct loop *loop, const char *dir, size_t max_bytes,
		  struct unit_log **ret, struct err *err)
{
	CLEANUP(unit_log_close) struct unit_log *l = xcalloc(1, sizeof(*l));
	int rc;

	l->magic = LOG_MAGIC;
	l->loop = loop;
	l->dir = xstrdup(dir);
	l->max_bytes = max_bytes;
	l->fd = -1;
	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "%s", dir);
	rc = find_or_start(l, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(l);
	return 0;
}

static void held_free(struct held *h)
{
	close(h->fd);
	free(h->unit);
	free(h);
}

void unit_log_close(struct unit_log *l)
{
	if (!l)
		return;
	CHECK_MAGIC(l, LOG_MAGIC);
	while (l->held) {
		struct held *h = l->held;

		l->held = h->next;
		held_free(h);
	}
	if (l->fd >= 0) {
		loop_io_del(l->loop, l->fd);
		close(l->fd);
	}
	free(l->dir);
	l->magic = 0;
	free(l);
}

static void hold(struct unit_log *l, const char *unit, int take_fd)
{
	struct held *h = xcalloc(1, sizeof(*h));

	h->unit = xstrdup(unit);
	h->fd = take_fd;
	h->next = l->held;
	l->held = h;
}

int unit_log_pipe(struct unit_log *l, const char *unit, int *ret, struct err *err)
{
	int fds[2];

	CHECK_MAGIC(l, LOG_MAGIC);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_INTERNAL, "pipe");
	hold(l, unit, fds[0]);
	if (send_pipe(l, unit, fds[0]) < 0)
		replace_logger(l); /* sends all that is held */
	*ret = fds[1];
	return 0;
}

static bool is_own_output(const struct stat *st)
{
	struct stat own;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &own) == 0 && own.st_dev == st->st_dev &&
		    own.st_ino == st->st_ino)
			return true;
	return false;
}

void unit_log_adopt(struct unit_log *l, const char *unit, pid_t pid)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/1", (int)pid);
	/* A child that was just forked has the agent's still; the writer has its pipe. */
	if (stat(path, &st) < 0 || !S_ISFIFO(st.st_mode) || is_own_output(&st))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	hold(l, unit, fd);
	if (l->started)
		(void)send_pipe(l, unit, fd);
}

void unit_log_forget(struct unit_log *l, const char *unit)
{
	for (struct held **p = &l->held; *p;) {
		struct held *h = *p;

		if (strcmp(h->unit, unit) == 0) {
			*p = h->next;
			held_free(h);
		} else {
			p = &h->next;
		}
	}
}

/* ---------------------------------------------------------------- reading */

#define TAIL_BYTES (256 * 1024)

static void add_tail_of(const char *path, size_t lines, struct buf *to)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(free) char *text = xmalloc(TAIL_BYTES + 1);
	struct stat st;
	ssize_t n;
	char *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	n = pread(fd, text, TAIL_BYTES, MAX(st.st_size - TAIL_BYTES, 0));
	if (n <= 0)
		return;
	for (p = text + n; p > text; p--)
		if (p[-1] == '\n' && p < text + n && --lines == 0)
			break;
	buf_add(to, p, (size_t)(text + n - p));
}

int unit_log_tail(const char *dir, const char *unit, size_t lines, struct buf *to,
		  struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s.log", dir, unit);

	if (strchr(unit, '/') || *unit == '.')
		return err_set(err, ERR_INVAL, "'%s' is not a unit name", unit);
	if (lines)
		add_tail_of(path, lines, to);
	return 0;
}
