/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "notify.h"

#include "check.h"
#include "clock.h"
#include "ids.h"
#include "processes.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Messages of strangers; then none are read until the second is over. */
#define IGNORED_MAX 1000

char *unit_notify_path(const struct unit *u)
{
	return xasprintf("%s/%s.notify", u->own->state_dir, u->name);
}

static enum unit_notify_access access_of(const struct unit *u)
{
	return u->spec->type == UNIT_NOTIFY && u->spec->notify_access == UNIT_NOTIFY_NONE
		       ? UNIT_NOTIFY_BY_MAIN
		       : u->spec->notify_access;
}

/*
 * For the unit's user alone, where it has one; a unit without may have processes that
 * become any user before they send, as mariadbd does, so that all can write, and who did
 * is looked at.
 */
static int let_in(const struct unit *u, const char *path, struct err *err)
{
	CLEANUP(ids_done) struct ids ids = { 0 };
	int rc = unit_find_ids(u->spec, &ids, err);

	if (rc < 0)
		return rc;
	if (!u->spec->user)
		return chmod(path, 0666) < 0 ? err_errno(err, ERR_INTERNAL, "%s", path)
					     : 0;
	if (chmod(path, 0600) < 0 || chown(path, ids.uid, ids.gid) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	return 0;
}

static void hear(void *arg)
{
	struct unit *u = arg;

	loop_io_mod(u->own->loop, u->notify_fd, EPOLLIN);
}

int unit_open_notify(struct unit *u, loop_io_fn *fn, struct err *err)
{
	CLEANUP(free) char *path = unit_notify_path(u);
	CLEANUP(close_fd) int fd = -1;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc;

	unit_close_notify(u);
	if (access_of(u) == UNIT_NOTIFY_NONE)
		return 0;
	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ERR_LIMIT, "the path %s is too long for a socket",
			       path);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	rc = let_in(u, path, err);
	if (rc == 0)
		rc = loop_io_add(u->own->loop, fd, EPOLLIN, fn, u, err);
	if (rc < 0)
		return rc;
	u->notify_fd = fd;
	u->hear_again = loop_timer_new(u->own->loop, hear, u);
	fd = -1;
	return 0;
}

void unit_close_notify(struct unit *u)
{
	CLEANUP(free) char *path = unit_notify_path(u);

	if (u->notify_fd < 0)
		return;
	loop_io_del(u->own->loop, u->notify_fd);
	close(u->notify_fd);
	u->notify_fd = -1;
	loop_timer_free(TAKE(u->hear_again));
	log_streak(&u->strangers, "notify-ignored", NULL);
	(void)unlink(path);
}

/* ---------------------------------------------------------------- messages */

static bool may_send(const struct unit *u, pid_t pid)
{
	const bool is_main = u->main && proc_watch_pid(u->main) == pid;
	const bool is_control = u->control && proc_watch_pid(u->control) == pid;

	switch (access_of(u)) {
	case UNIT_NOTIFY_BY_ALL:
		return is_main || is_control || unit_has_process(u, pid);
	case UNIT_NOTIFY_BY_EXEC:
		return is_main || is_control;
	case UNIT_NOTIFY_BY_MAIN:
	case UNIT_NOTIFY_NONE:
		break;
	}
	return is_main;
}

/*
 * What the kernel has checked; 0: none. Only a process with CAP_SYS_ADMIN can send in the
 * name of another, and a unit has that only where whoever started the agent has it: not
 * on local hosts, nor below foretide-agent.service. There is no other word on who sent a
 * datagram: SO_PEERCRED is of connections, and SCM_PIDFD follows SCM_CREDENTIALS.
 */
static pid_t sender_of(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred who;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&who, CMSG_DATA(c), sizeof(who));
		return who.pid;
	}
	return 0;
}

/* Whoever keeps the socket full takes a bounded part of the agent's time. */
static void count_ignored(struct unit *u)
{
	const int64_t now = clock_mono_ms();

	if (now - u->heard_since_mono_ms >= 1000) {
		u->heard_since_mono_ms = now;
		u->n_ignored = 0;
	}
	if (++u->n_ignored < IGNORED_MAX)
		return;
	loop_io_mod(u->own->loop, u->notify_fd, 0);
	loop_timer_at(u->hear_again, u->heard_since_mono_ms + 1000);
}

static bool ignore(struct unit *u, pid_t pid)
{
	static const char *const who[] = { "no process", "its main process",
					   "its main process and its commands",
					   "its own processes" };
	struct err e;

	(void)err_set(&e, ERR_DENIED,
		      "%s: a notify message of process %d is ignored: NotifyAccess= lets "
		      "%s send them",
		      u->name, (int)pid, who[access_of(u)]);
	log_streak(&u->strangers, "notify-ignored", &e);
	count_ignored(u);
	return false;
}

bool unit_receive_notify(struct unit *u, char *ret, size_t size)
{
	struct iovec iov = { .iov_base = ret, .iov_len = size - 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	/* Files that come along find no room, and are closed by the kernel. */
	ssize_t n = recvmsg(u->notify_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	pid_t pid;

	if (n <= 0)
		return false;
	ret[n] = '\0';
	pid = sender_of(&msg);
	return may_send(u, pid) || ignore(u, pid);
}
