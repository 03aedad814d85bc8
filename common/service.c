/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "/run/x", or "@x" for an abstract name. */
static int open_socket(const char *name, struct service *s)
{
	const size_t n = strlen(name);

	if ((*name != '/' && *name != '@') || n < 2 || n >= sizeof(s->to.sun_path))
		return -1;
	s->to.sun_family = AF_UNIX;
	memcpy(s->to.sun_path, name, n);
	if (*name == '@')
		s->to.sun_path[0] = '\0';
	s->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Three times as often as it must be. */
static int64_t beat_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	const long long most = usec ? strtoll(usec, NULL, 10) : 0;

	if (most <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return most / 3000 > 0 ? most / 3000 : 1;
}

void service_open(struct service *ret)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*ret = (struct service){ .fd = -1 };
	if (name)
		ret->fd = open_socket(name, ret);
	if (ret->fd >= 0)
		ret->beat_ms = beat_ms();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void service_tell(const struct service *s, const char *state)
{
	if (s->fd >= 0)
		(void)!sendto(s->fd, state, strlen(state), MSG_NOSIGNAL,
			      (const struct sockaddr *)&s->to, s->to_len);
}

void service_close(struct service *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
