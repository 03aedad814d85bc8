/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "notify.h"

#include "check.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

char *unit_notify_path(const struct unit *u)
{
	return xasprintf("%s/%s.notify", u->own->state_dir, u->name);
}

int unit_open_notify(struct unit *u, loop_io_fn *fn, struct err *err)
{
	CLEANUP(free) char *path = unit_notify_path(u);
	CLEANUP(close_fd) int fd = -1;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc;

	unit_close_notify(u);
	if (u->spec->type != UNIT_NOTIFY)
		return 0;
	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ERR_LIMIT, "the path %s is too long for a socket",
			       path);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(path, 0666) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	rc = loop_io_add(u->own->loop, fd, EPOLLIN, fn, u, err);
	if (rc < 0)
		return rc;
	u->notify_fd = fd;
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
	(void)unlink(path);
}

bool unit_receive_notify(const struct unit *u, char *ret, size_t size)
{
	ssize_t n = recv(u->notify_fd, ret, size - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	ret[n] = '\0';
	return true;
}
