/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_systemd.h - the other end of systemd's bus, on the loop of the test: it keeps
 * units, writes down what it is called for, and answers as the manager does.
 */
#ifndef TESTS_UNIT_AGENT_UNITS_SYSTEMD_FAKE_SYSTEMD_H
#define TESTS_UNIT_AGENT_UNITS_SYSTEMD_FAKE_SYSTEMD_H

#include "buf.h"
#include "check.h"
#include "fake_bus.h"
#include "manager.h"
#include "net.h"
#include "text.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref);

#define FAKE_PID 77

struct fake_systemd {
	struct loop *loop;
	char path[80];
	int listens;
	sd_bus *bus; /* of the one client; NULL: none */
	int fd;
	struct buf calls;  /* "StartUnit a.service\n" ... */
	char running[256]; /* names of units, each in spaces */
	bool refuses;      /* jobs and reloads */
};

static inline bool fake_is_running(const struct fake_systemd *f, const char *name)
{
	CLEANUP(free) char *word = xasprintf(" %s ", name);

	return strstr(f->running, word);
}

static inline void fake_run(struct fake_systemd *f, const char *name, bool run)
{
	CLEANUP(free) char *word = xasprintf(" %s ", name);
	char *at = strstr(f->running, word);

	if (run && !at)
		strcat(f->running, word);
	else if (!run && at)
		memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
}

static inline int fake_list(struct fake_systemd *f, sd_bus_message *call)
{
	CLEANUP(sd_bus_message_unref) sd_bus_message *m = NULL;
	const char *name;

	CHECK(sd_bus_message_new_method_return(call, &m) >= 0);
	CHECK(sd_bus_message_open_container(m, 'a', "(ssssssouso)") >= 0);
	CHECK(sd_bus_message_enter_container(call, 'a', "s") >= 0);
	while (sd_bus_message_read(call, "s", &name) > 0) {
		bool runs = fake_is_running(f, name);

		CHECK(sd_bus_message_append(m, "(ssssssouso)", name, "", "loaded",
					    runs ? "active" : "inactive",
					    runs ? "running" : "dead", "", "/", 0, "",
					    "/") >= 0);
	}
	CHECK(sd_bus_message_close_container(m) >= 0);
	return sd_bus_send(NULL, m, NULL);
}

static inline int fake_job(struct fake_systemd *f, sd_bus_message *m, const char *method)
{
	const char *name, *mode;

	CHECK(sd_bus_message_read(m, "ss", &name, &mode) >= 0);
	buf_printf(&f->calls, "%s %s\n", method, name);
	if (f->refuses)
		return sd_bus_reply_method_errorf(m, SD_NAME ".Refused", "%s is masked",
						  name);
	fake_run(f, name, strcmp(method, "StopUnit") != 0);
	return sd_bus_reply_method_return(m, "o", SD_PATH "/job/1");
}

static inline int fake_called(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct fake_systemd *f = arg;
	const char *method = sd_bus_message_get_member(m), *name;

	(void)error;
	if (strcmp(method, "Hello") == 0)
		return sd_bus_reply_method_return(m, "s", ":1.1");
	if (strcmp(method, "Get") == 0)
		return sd_bus_reply_method_return(m, "v", "u", FAKE_PID);
	if (strcmp(method, "ListUnitsByNames") == 0)
		return fake_list(f, m);
	if (strcmp(method, "ResetFailedUnit") == 0) {
		CHECK(sd_bus_message_read(m, "s", &name) >= 0);
		buf_printf(&f->calls, "%s %s\n", method, name);
	} else if (strstr(method, "Unit")) {
		return fake_job(f, m, method);
	} else if (strcmp(method, "Reload") == 0) {
		buf_puts(&f->calls, "Reload\n");
		if (f->refuses)
			return sd_bus_reply_method_errorf(m, SD_NAME ".Refused", "no");
	}
	return sd_bus_reply_method_return(m, NULL);
}

static inline void fake_hang_up(struct fake_systemd *f)
{
	if (!f->bus)
		return;
	loop_io_del(f->loop, f->fd);
	sd_bus_close(f->bus);
	sd_bus_unref(TAKE(f->bus));
}

static inline void fake_on_bus(void *arg, int fd, uint32_t events)
{
	struct fake_systemd *f = arg;
	int r;

	(void)fd;
	(void)events;
	while ((r = sd_bus_process(f->bus, NULL)) > 0)
		;
	if (r >= 0)
		r = sd_bus_get_events(f->bus);
	if (r < 0)
		fake_hang_up(f);
	else
		loop_io_mod(f->loop, f->fd,
			    (r & POLLIN ? EPOLLIN : 0u) | (r & POLLOUT ? EPOLLOUT : 0u));
}

static inline void fake_on_client(void *arg, int fd, uint32_t events)
{
	struct fake_systemd *f = arg;

	(void)events;
	fake_hang_up(f);
	f->bus = fake_bus_accept(fd, fake_called, f);
	CHECK(f->bus);
	f->fd = sd_bus_get_fd(f->bus);
	CHECK(loop_io_add(f->loop, f->fd, EPOLLIN, fake_on_bus, f, NULL) == 0);
	fake_on_bus(f, f->fd, 0);
}

/* Something changed, as the manager tells those who subscribed: a string. */
static inline void fake_tell(struct fake_systemd *f, const char *unit,
			     const char *property, const char *value)
{
	CLEANUP(sd_bus_message_unref) sd_bus_message *m = NULL;
	CLEANUP(free) char *path = NULL;

	CHECK(sd_bus_path_encode(SD_PATH "/unit", unit, &path) >= 0);
	CHECK(sd_bus_message_new_signal(f->bus, &m, path,
					"org.freedesktop.DBus.Properties",
					"PropertiesChanged") >= 0);
	CHECK(sd_bus_message_set_sender(m, SD_NAME) >= 0);
	CHECK(sd_bus_message_append(m, "sa{sv}as", SD_NAME ".Service", 4, property, "s",
				    value, "NRestarts", "u", 3, "MainPID", "u", 88,
				    "Other", "b", 1, 0) >= 0);
	CHECK(sd_bus_send(f->bus, m, NULL) >= 0);
}

/* Listens in dir; clients find it by the environment. */
static inline void fake_open(struct fake_systemd *f, struct loop *loop, const char *dir)
{
	*f = (struct fake_systemd){ .loop = loop };
	buf_init(&f->calls, 10000);
	f->listens = fake_bus_listen(dir, f->path, sizeof(f->path));
	CHECK(loop_io_add(loop, f->listens, EPOLLIN, fake_on_client, f, NULL) == 0);
}

static inline void fake_close(struct fake_systemd *f)
{
	fake_hang_up(f);
	loop_io_del(f->loop, f->listens);
	close(f->listens);
	unlink(f->path);
	buf_done(&f->calls);
}

#endif
