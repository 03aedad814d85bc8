/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "systemd.h"

#include "check.h"
#include "jobs.h"
#include "list.h"
#include "log.h"
#include "manager.h"
#include "state.h"
#include "unit_file.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

/* ---------------------------------------------------------------- operations */

static struct sysd *sysd_of(const struct units *base)
{
	struct sysd *s = (struct sysd *)(uintptr_t)base;

	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	return s;
}

static void sysd_set(struct units *base, const char *name, const char *hash,
		     const char *text, bool run)
{
	struct sysd *s = sysd_of(base);
	struct sd_unit *u = sysd_find(s, name);

	if (!u) {
		u = sysd_add(s, name, hash);
		u->text = xstrdup(text);
	} else if (strcmp(u->next_hash ? u->next_hash : u->hash, hash) != 0) {
		free(u->next_hash);
		free(u->next_text);
		u->next_hash = xstrdup(hash);
		u->next_text = xstrdup(text);
		if (!sysd_is_stopped(u))
			sysd_job(u, "StopUnit");
	}
	u->dropping = false;
	if (u->run != run) {
		u->run = run;
		u->asked = false;
	}
	loop_timer_in(s->work, 0);
}

static void sysd_drop(struct units *base, const char *name)
{
	struct sd_unit *u = sysd_find(sysd_of(base), name);

	if (!u)
		return;
	u->dropping = true;
	if (u->run)
		u->asked = false;
	u->run = false;
	loop_timer_in(u->s->work, 0);
}

static int job_on_running(struct units *base, const char *name, const char *method,
			  struct err *err)
{
	struct sd_unit *u = sysd_find(sysd_of(base), name);

	if (!u)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	if (strcmp(u->active, "active") != 0)
		return err_set(err, ERR_CONFLICT, "%s is not running", name);
	sysd_job(u, method);
	return 0;
}

static int sysd_reload(struct units *base, const char *name, struct err *err)
{
	return job_on_running(base, name, "ReloadUnit", err);
}

/* Not of one that is to stop. */
static int sysd_restart(struct units *base, const char *name, struct err *err)
{
	const struct sd_unit *u = sysd_find(sysd_of(base), name);

	if (u && (!u->run || u->next_text))
		return err_set(err, ERR_CONFLICT, "%s is to stop", name);
	return job_on_running(base, name, "RestartUnit", err);
}

static bool sysd_get(const struct units *base, const char *name, struct unit_status *ret)
{
	const struct sd_unit *u = sysd_find(sysd_of(base), name);

	if (!u)
		return false;
	*ret = (struct unit_status){ .name = u->name,
				     .hash = u->hash,
				     .load = u->load,
				     .active = u->active,
				     .sub = u->sub,
				     .message = u->message ? u->message : "",
				     .restarts = u->restarts,
				     .since_ms = u->since_ms,
				     .main_pid = u->main_pid,
				     .adopted = u->adopted,
				     .want_run = u->run };
	return true;
}

static const char *sysd_at(const struct units *base, size_t i)
{
	const struct sd_unit *u = sysd_of(base)->units;

	while (u && i--)
		u = u->next;
	return u ? u->name : NULL;
}

/* systemd's accounting may be off, and querying it would block: not known. */
static double sysd_cpu_seconds(const struct units *base, const char *name)
{
	(void)base;
	(void)name;
	return -1;
}

static void sysd_close(struct units *base)
{
	struct sysd *s = sysd_of(base);

	if (s->fd >= 0)
		loop_io_del(s->loop, s->fd);
	loop_timer_free(s->timer);
	loop_timer_free(s->work);
	if (s->bus)
		(void)sd_bus_flush_close_unref(s->bus);
	sysd_remove_all(s);
	s->magic = 0;
	free(s);
}

static const struct units_ops systemd_ops = {
	.name = "systemd",
	.set = sysd_set,
	.drop = sysd_drop,
	.reload = sysd_reload,
	.restart = sysd_restart,
	.get = sysd_get,
	.at = sysd_at,
	.cpu_seconds = sysd_cpu_seconds,
	.close = sysd_close,
};

/* ---------------------------------------------------------------- the bus on the loop */

static void process(struct sysd *s);

static void on_bus(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	process(arg);
}

static void on_timer(void *arg)
{
	process(arg);
}

static void process(struct sysd *s)
{
	uint64_t until_us = UINT64_MAX;
	int r, events;

	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	while ((r = sd_bus_process(s->bus, NULL)) > 0)
		;
	events = r < 0 ? r : sd_bus_get_events(s->bus);
	if (events < 0) {
		/* Without the bus nothing can be done: exit, so that a restart connects
		 * again. */
		log_error("systemd-bus-lost", STR("error", strerror(-events)));
		loop_stop(s->loop);
		return;
	}
	loop_io_mod(s->loop, s->fd,
		    (events & POLLIN ? EPOLLIN : 0u) |
			    (events & POLLOUT ? EPOLLOUT : 0u));
	if (sd_bus_get_timeout(s->bus, &until_us) >= 0 && until_us != UINT64_MAX)
		loop_timer_at(s->timer, (int64_t)(until_us / 1000) + 1);
	else
		loop_timer_unset(s->timer);
}

static void on_work(void *arg)
{
	struct sysd *s = arg;

	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	sysd_work(s);
}

static int open_bus(struct sysd *s)
{
	int r = sd_bus_open_system(&s->bus);

	if (r >= 0)
		r = sd_bus_match_signal_async(
			s->bus, NULL, SD_NAME, NULL, "org.freedesktop.DBus.Properties",
			"PropertiesChanged", sysd_on_properties, NULL, s);
	if (r >= 0)
		r = sd_bus_call_method_async(s->bus, NULL, SD_NAME, SD_PATH, SD_MANAGER,
					     "Subscribe", NULL, NULL, NULL);
	return r;
}

int units_systemd_open(struct loop *loop, const struct units_opts *opts,
		       struct units **ret, struct err *err)
{
	CLEANUP(units_close) struct units *base = NULL;
	struct sysd *s = xcalloc(1, sizeof(*s));
	int r, rc;

	s->magic = SYSTEMD_MAGIC;
	s->base.ops = &systemd_ops;
	base = &s->base;
	s->loop = loop;
	s->fd = -1;
	s->on_change = opts->on_change;
	s->arg = opts->arg;
	s->timer = loop_timer_new(loop, on_timer, s);
	s->work = loop_timer_new(loop, on_work, s);
	r = open_bus(s);
	if (r < 0)
		return err_set(err, ERR_UNAVAIL, "systemd's bus: %s", strerror(-r));
	s->fd = sd_bus_get_fd(s->bus);
	rc = loop_io_add(loop, s->fd, EPOLLIN | EPOLLOUT, on_bus, s, err);
	if (rc < 0) {
		s->fd = -1;
		return rc;
	}
	sysd_files_adopt(s);
	if (s->units) {
		sysd_list_all(s);
		for (const struct sd_unit *u = s->units; u; u = u->next)
			sysd_ask_main_pid(u);
	}
	loop_timer_in(s->timer, 0);
	*ret = TAKE(base);
	return 0;
}
