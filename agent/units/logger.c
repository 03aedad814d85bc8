/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logger.h"

#include "buf.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer lines are cut into pieces of this. */
#define LINE_BYTES 4096
#define GROUPS_BYTES 4096 /* of /proc/PID/cgroup */

struct logger;

struct source {
	struct logger *logger;
	char *path;
	struct buf line; /* received since the last end of line */
};

struct logger {
	struct loop *loop;
	const char *dir;
	size_t max_bytes;
	size_t n_sources;
	size_t n_clients;
};

/* There is no writer, and no agent that might bring one. */
static void stop_if_idle(struct logger *g)
{
	if (!g->n_sources && !g->n_clients)
		loop_stop(g->loop);
}

/* ---------------------------------------------------------------- writing */

static int open_file(const struct source *s)
{
	CLEANUP(free) char *old = xasprintf("%s.1", s->path);
	int fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (size_t)st.st_size < s->logger->max_bytes)
		return fd;
	close(fd);
	(void)rename(s->path, old);
	return open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

/* Complete lines of the buffer, each with the time; all of it when the source has
 * ended. */
static void write_lines(struct source *s, bool all)
{
	CLEANUP(buf_done) struct buf out;
	char now[CLOCK_TEXT];
	size_t done = 0;
	int fd;

	buf_init(&out, 1 << 20);
	clock_format(clock_wall_ms(), now);
	while (done < s->line.len) {
		const char *p = s->line.data + done;
		const char *end = memchr(p, '\n', s->line.len - done);
		size_t n = end ? (size_t)(end - p) : s->line.len - done;

		if (!end && !all && n < LINE_BYTES)
			break;
		n = MIN(n, (size_t)LINE_BYTES);
		buf_printf(&out, "%s ", now);
		buf_add(&out, p, n);
		buf_putc(&out, '\n');
		done += n + (end == p + n);
	}
	buf_drop(&s->line, done);
	if (!out.len)
		return;
	fd = open_file(s);
	if (fd < 0)
		return;
	(void)!write(fd, out.data, out.len);
	close(fd);
}

/* ---------------------------------------------------------------- sources */

static void source_end(struct source *s, int fd)
{
	struct logger *g = s->logger;

	write_lines(s, true);
	loop_io_del(g->loop, fd);
	close(fd);
	buf_done(&s->line);
	free(s->path);
	free(s);
	g->n_sources--;
	stop_if_idle(g);
}

static void on_source(void *arg, int fd, uint32_t events)
{
	struct source *s = arg;
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		source_end(s, fd);
		return;
	}
	buf_add(&s->line, bytes, (size_t)n);
	write_lines(s, false);
}

static void source_add(struct logger *g, const char *unit, int take_fd)
{
	struct source *s = xcalloc(1, sizeof(*s));

	(void)fcntl(take_fd, F_SETFL, O_NONBLOCK);
	s->logger = g;
	s->path = xasprintf("%s/%s.log", g->dir, unit);
	buf_init(&s->line, 1 << 20);
	g->n_sources++;
	if (loop_io_add(g->loop, take_fd, EPOLLIN, on_source, s, NULL) < 0)
		source_end(s, take_fd);
}

/* ---------------------------------------------------------------- agents */

static void on_client(void *arg, int fd, uint32_t events)
{
	struct logger *g = arg;
	char unit[300];
	struct iovec iov = { .iov_base = unit, .iov_len = sizeof(unit) - 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c;
	int pipe_fd;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_io_del(g->loop, fd);
		close(fd);
		g->n_clients--;
		stop_if_idle(g);
		return;
	}
	unit[n] = '\0';
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&pipe_fd, CMSG_DATA(c), sizeof(int));
	if (*unit == '.' || strchr(unit, '/'))
		close(pipe_fd);
	else
		source_add(g, unit, pipe_fd);
}

static void client_add(struct logger *g, int fd)
{
	if (fd < 0)
		return;
	g->n_clients++;
	if (loop_io_add(g->loop, fd, EPOLLIN, on_client, g, NULL) < 0) {
		close(fd);
		g->n_clients--;
	}
}

/* "": it cannot be read. */
static void read_groups(const char *pid, char ret[GROUPS_BYTES])
{
	CLEANUP(free) char *path = xasprintf("/proc/%s/cgroup", pid);
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, GROUPS_BYTES - 1);

	ret[MAX(n, 0)] = '\0';
}

/*
 * Who connects names the unit whose log its lines are in: only a process of our own user
 * and of our own groups, as the agent is. Each unit has a group below; where there are no
 * groups its processes are not told from the agent. A process that may change its group
 * may write the files themselves.
 */
static bool is_agent(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	char own[GROUPS_BYTES], its[GROUPS_BYTES], pid[32];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0 || peer.pid <= 0 ||
	    peer.uid != geteuid())
		return false;
	snprintf(pid, sizeof(pid), "%d", (int)peer.pid);
	read_groups(pid, its);
	read_groups("self", own);
	return strcmp(its, own) == 0;
}

static void on_listen(void *arg, int fd, uint32_t events)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (client >= 0 && is_agent(client) && send(client, "", 1, MSG_NOSIGNAL) == 1)
		client_add(arg, client);
	else if (client >= 0)
		close(client);
}

/* Drops everything of the agent but the two sockets. */
static void leave_agent(int *listen_fd, int *client_fd)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	*listen_fd = fcntl(*listen_fd, F_DUPFD, 10);
	*client_fd = fcntl(*client_fd, F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		(void)dup2(null, i);
	(void)dup2(*listen_fd, 3);
	(void)dup2(*client_fd, 4);
	(void)close_range(5, ~0u, 0);
	*listen_fd = 3;
	*client_fd = 4;
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	(void)fcntl(4, F_SETFD, FD_CLOEXEC);
	for (int i = 1; i < 32; i++)
		(void)signal(i, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_NAME, "foretide-logger");
	(void)!chdir("/");
}

_Noreturn void unit_logger_run(int listen_fd, int client_fd, const char *dir,
			       size_t max_bytes)
{
	struct logger g = { .dir = dir, .max_bytes = max_bytes };

	leave_agent(&listen_fd, &client_fd);
	/* Only here, so that a peer's credentials on the socket are the writer's own. */
	if (listen(listen_fd, 4) < 0 || loop_new(&g.loop, NULL) < 0 ||
	    loop_io_add(g.loop, listen_fd, EPOLLIN, on_listen, &g, NULL) < 0)
		_exit(1);
	client_add(&g, client_fd);
	loop_run(g.loop);
	_exit(0);
}
