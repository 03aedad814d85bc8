/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_bus.h - the other end of the system's bus, for one client at a time.
 */
#ifndef TESTS_UNIT_AGENT_FAKE_BUS_H
#define TESTS_UNIT_AGENT_FAKE_BUS_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

/* Listens in dir; clients find it by the environment. path: its socket's. */
static inline int fake_bus_listen(const char *dir, char *path, size_t size)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char address[120];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path, size, "%s/bus", dir);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(listen(fd, 4) == 0);
	snprintf(address, sizeof(address), "unix:path=%s", path);
	CHECK(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1) == 0);
	return fd;
}

/* The next client: whatever it calls comes to fn, also its Hello. NULL: none comes. */
static inline sd_bus *fake_bus_accept(int listens, sd_bus_message_handler_t fn, void *arg)
{
	sd_bus *bus = NULL;
	sd_id128_t id;
	int fd = accept4(listens, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return NULL;
	CHECK(sd_id128_randomize(&id) >= 0 && sd_bus_new(&bus) >= 0);
	CHECK(sd_bus_set_fd(bus, fd, fd) >= 0);
	CHECK(sd_bus_set_server(bus, 1, id) >= 0);
	CHECK(sd_bus_set_anonymous(bus, 1) >= 0);
	CHECK(sd_bus_add_filter(bus, NULL, fn, arg) >= 0);
	CHECK(sd_bus_start(bus) >= 0);
	return bus;
}

#endif
