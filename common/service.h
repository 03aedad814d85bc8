/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service.h - what the service manager is told of this process, sd_notify(3): that it is
 * ready, that it lives, that it stops. Does nothing where nobody asked.
 *
 * Not by libsystemd, which finds the socket in the environment each time: there every
 * child would find it too, and could speak for us.
 */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

#include "cleanup.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct service {
	int fd; /* -1: nobody is told */
	struct sockaddr_un to;
	socklen_t to_len;
	int64_t beat_ms; /* real: how often "WATCHDOG=1" is due; 0: never */
};

/* Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment; before any thread. */
void service_open(struct service *ret);
/* "READY=1"; never blocks. */
void service_tell(const struct service *s, const char *state);
void service_close(struct service *s);
DEFINE_CLEANUP_OBJECT(struct service, service_close);

#endif
