/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units as systemd's own, over D-Bus. A unit's file in /run/systemd/system begins with
 * "# foretide HASH", by which it is found again when the agent starts anew.
 */
#include "systemd.h"
#include "manager.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define UNIT_DIR "/run/systemd/system"
#define MARK "# foretide "
#define TEXT_MAX_BYTES (512 << 10)

void sysd_work_soon(struct sysd *s)
{
	loop_timer_in(s->work, 0);
}

/* ---------------------------------------------------------------- the list */

struct sd_unit *sysd_find(const struct sysd *s, const char *name)
{
	for (struct sd_unit *u = s->units; u; u = u->next)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

static struct sd_unit *add(struct sysd *s, const char *name, const char *hash)
{
	struct sd_unit *u = xcalloc(1, sizeof(*u));
	struct sd_unit **p = &s->units;

	u->s = s;
	u->name = xstrdup(name);
	u->hash = xstrdup(hash);
	u->since_ms = clock_now_ms();
	snprintf(u->active, sizeof(u->active), "inactive");
	snprintf(u->sub, sizeof(u->sub), "dead");
	snprintf(u->load, sizeof(u->load), "loaded");
	while (*p && strcmp((*p)->name, name) < 0)
		p = &(*p)->next;
	u->next = *p;
	*p = u;
	return u;
}

static void sd_unit_free(struct sd_unit *u)
{
	free(u->name);
	free(u->hash);
	free(u->text);
	free(u->next_hash);
	free(u->next_text);
	free(u->message);
	free(u);
}

static bool is_stopped(const struct sd_unit *u)
{
	return strcmp(u->active, "inactive") == 0 || strcmp(u->active, "failed") == 0;
}

void sysd_set_message(struct sd_unit *u, const char *text)
{
	free(u->message);
	u->message = text && *text ? xstrdup(text) : NULL;
}

/* ---------------------------------------------------------------- files */

static char *path_of(const char *name)
{
	return xasprintf(UNIT_DIR "/%s", name);
}

static int write_unit(const struct sd_unit *u, struct err *err)
{
	CLEANUP(free) char *path = path_of(u->name);
	CLEANUP(free) char *temp = xasprintf("%s.new", path);
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *text = xasprintf(MARK "%s\n%s", u->hash, u->text);
	size_t len = strlen(text);

	if (mkdir(UNIT_DIR, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, UNIT_DIR);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || rename(temp, path) < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	return 0;
}

/* Files of ours that an earlier life wrote. */
static void restore(struct sysd *s)
{
	DIR *d = opendir(UNIT_DIR);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = path_of(e->d_name);
		CLEANUP(free) char *text = NULL;
		char hash[130];
		struct sd_unit *u;

		if (!strstr(e->d_name, ".service") ||
		    conf_read_file(path, TEXT_MAX_BYTES, &text, NULL, NULL) < 0 ||
		    sscanf(text, MARK "%129[0-9a-zA-Z]", hash) != 1)
			continue;
		u = add(s, e->d_name, hash);
		u->ready = u->asked = u->adopted = u->run = true;
		log_info("unit-adopted", STR("unit", u->name));
	}
	if (d)
		closedir(d);
}

/* ---------------------------------------------------------------- work */

static void job_failed(struct sysd *s, const char *name, const sd_bus_error *e)
{
	struct sd_unit *u = sysd_find(s, name);

	log_warn("systemd-refused", STR("unit", name), STR("error", e->message));
	if (!u)
		return;
	sysd_set_message(u, e->message);
	s->on_change(s->arg, name);
}

static int on_job(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct job *j = arg;

	(void)error;
	CHECK_MAGIC(j->s, SYSTEMD_MAGIC);
	if (sd_bus_message_is_method_error(m, NULL))
		job_failed(j->s, j->name, sd_bus_message_get_error(m));
	sysd_list_all(j->s);
	return 0;
}

static void ask_job(const struct sd_unit *u, const char *method)
{
	struct job *j = sysd_job_new(u);
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_method_async(u->s->bus, &slot, SD_NAME, SD_PATH, SD_MANAGER,
					 method, on_job, j, "ss", u->name, "replace");

	sysd_job_hand_over(j, slot, r);
}

static int on_reloaded(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;

	(void)error;
	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	if (sd_bus_message_is_method_error(m, NULL))
		log_warn("systemd-not-reloaded",
			 STR("error", sd_bus_message_get_error(m)->message));
	s->reloading = false;
	for (struct sd_unit *u = s->units; u; u = u->next)
		u->ready = u->ready || !u->text;
	sysd_list_all(s);
	sysd_work_soon(s);
	return 0;
}

static void reload(struct sysd *s)
{
	int r = sd_bus_call_method_async(s->bus, NULL, SD_NAME, SD_PATH, SD_MANAGER,
					 "Reload", on_reloaded, s, NULL);

	s->reload_again = false;
	s->reloading = r >= 0;
	if (r < 0)
		log_warn("systemd-not-asked", STR("error", strerror(-r)));
}

static void remove_unit(struct sysd *s, struct sd_unit *u)
{
	CLEANUP(free) char *path = path_of(u->name);
	struct sd_unit **p = &s->units;

	(void)unlink(path);
	(void)sd_bus_call_method_async(s->bus, NULL, SD_NAME, SD_PATH, SD_MANAGER,
				       "ResetFailedUnit", NULL, NULL, "s", u->name);
	while (*p != u)
		p = &(*p)->next;
	*p = u->next;
	s->on_change(s->arg, u->name);
	sd_unit_free(u);
	s->reload_again = true;
}

static void write_text(struct sysd *s, struct sd_unit *u)
{
	struct err e;

	if (write_unit(u, &e) < 0) {
		log_warn("unit-not-written", STR("unit", u->name), ERR(&e));
		sysd_set_message(u, e.msg);
		snprintf(u->load, sizeof(u->load), "error");
		s->on_change(s->arg, u->name);
	}
	free(TAKE(u->text));
	u->ready = false;
	s->reload_again = true;
}

/* What this unit needs next; it may be gone afterwards. */
static void work_on(struct sysd *s, struct sd_unit *u)
{
	if (!u->asked && !u->run && u->ready) {
		u->asked = true;
		if (!is_stopped(u))
			ask_job(u, "StopUnit");
	}
	if (u->dropping && is_stopped(u)) {
		remove_unit(s, u);
		return;
	}
	if (u->next_text && is_stopped(u)) {
		free(u->hash);
		free(u->text);
		u->hash = TAKE(u->next_hash);
		u->text = TAKE(u->next_text);
		u->restarts = 0;
		sysd_set_message(u, NULL);
		u->asked = false;
	}
	if (u->text)
		write_text(s, u);
	if (!u->asked && u->run && u->ready && !u->next_text) {
		u->asked = true;
		ask_job(u, "StartUnit");
	}
}

static void on_work(void *arg)
{
	struct sysd *s = arg;

	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	if (s->reloading)
		return;
	for (struct sd_unit *u = s->units, *next; u; u = next) {
		next = u->next;
		work_on(s, u);
	}
	if (s->reload_again)
		reload(s);
	loop_timer_in(s->timer, 0); /* to have sent what was asked */
}

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
		u = add(s, name, hash);
		u->text = xstrdup(text);
	} else if (strcmp(u->next_hash ? u->next_hash : u->hash, hash) != 0) {
		free(u->next_hash);
		free(u->next_text);
		u->next_hash = xstrdup(hash);
		u->next_text = xstrdup(text);
		if (!is_stopped(u))
			ask_job(u, "StopUnit");
	}
	u->dropping = false;
	if (u->run != run) {
		u->run = run;
		u->asked = false;
	}
	sysd_work_soon(s);
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
	sysd_work_soon(u->s);
}

static int sysd_reload(struct units *base, const char *name, struct err *err)
{
	struct sd_unit *u = sysd_find(sysd_of(base), name);

	if (!u)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	if (strcmp(u->active, "active") != 0)
		return err_set(err, ERR_CONFLICT, "%s does not run", name);
	ask_job(u, "ReloadUnit");
	return 0;
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

/* systemd's accounting may be off, and asking would wait; not told. */
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
	while (s->units) {
		struct sd_unit *u = s->units;

		s->units = u->next;
		sd_unit_free(u);
	}
	s->magic = 0;
	free(s);
}

static const struct units_ops systemd_ops = {
	.name = "systemd",
	.set = sysd_set,
	.drop = sysd_drop,
	.reload = sysd_reload,
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
		/* Without the bus nothing can be done here; started anew we connect
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
	restore(s);
	if (s->units) {
		sysd_list_all(s);
		for (const struct sd_unit *u = s->units; u; u = u->next)
			sysd_ask_main_pid(u);
	}
	loop_timer_in(s->timer, 0);
	*ret = TAKE(base);
	return 0;
}
