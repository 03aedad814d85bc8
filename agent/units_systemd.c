/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Units as systemd's own, over D-Bus. A unit's file in /run/systemd/system begins with
 * "# foretide HASH", by which it is found again when the agent starts anew.
 */
#include "units.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "conf.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>

#define SYSTEMD_MAGIC 0x73797364u
#define UNIT_DIR "/run/systemd/system"
#define MARK "# foretide "
#define TEXT_MAX_BYTES (512 << 10)
#define SD_NAME "org.freedesktop.systemd1"
#define SD_PATH "/org/freedesktop/systemd1"
#define SD_MANAGER SD_NAME ".Manager"

struct sysd;

struct sd_unit {
	struct sd_unit *next;
	struct sysd *s;
	char *name, *hash, *text; /* text: to be written; NULL: written */
	char *next_hash, *next_text;
	bool run, dropping, adopted;
	bool ready; /* systemd has read the file */
	bool asked; /* to start or stop it, as run says */
	char active[24], sub[32], load[16];
	char *message;
	int64_t since_ms, restarts;
	pid_t main_pid;
};

struct sysd {
	struct units base;
	uint32_t magic;
	struct loop *loop;
	sd_bus *bus;
	int fd;
	struct loop_timer *timer; /* sd-bus' own time-outs */
	struct loop_timer *work;  /* files to write, jobs to ask for */
	bool reloading, reload_again;
	struct sd_unit *units;
	units_change_fn *on_change;
	void *arg;
};

static void work_soon(struct sysd *s)
{
	loop_timer_in(s->work, 0);
}

/* A question about one unit; the answer finds it by name, since it may be gone. */
struct job {
	struct sysd *s;
	char *name;
};

static struct job *job_new(const struct sd_unit *u)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->s = u->s;
	j->name = xstrdup(u->name);
	return j;
}

static void job_free(void *arg)
{
	struct job *j = arg;

	free(j->name);
	free(j);
}

/* The bus owns the question from here on, if it took it. */
static void job_hand_over(struct job *j, sd_bus_slot *slot, int r)
{
	loop_timer_in(j->s->timer, 0); /* to have it sent */
	if (r < 0) {
		log_warn("systemd-not-asked", STR("error", strerror(-r)));
		job_free(j);
		return;
	}
	(void)sd_bus_slot_set_destroy_callback(slot, job_free);
	(void)sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
}

/* ---------------------------------------------------------------- the list */

static struct sd_unit *find(const struct sysd *s, const char *name)
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

static void set_message(struct sd_unit *u, const char *text)
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

/* ---------------------------------------------------------------- states */

static void take_state(struct sd_unit *u, const char *active, const char *sub,
		       const char *load)
{
	bool same = (!active || strcmp(u->active, active) == 0) &&
		    (!sub || strcmp(u->sub, sub) == 0) &&
		    (!load || strcmp(u->load, load) == 0);

	if (same)
		return;
	if (active)
		snprintf(u->active, sizeof(u->active), "%s", active);
	if (sub)
		snprintf(u->sub, sizeof(u->sub), "%s", sub);
	if (load)
		snprintf(u->load, sizeof(u->load), "%s", load);
	u->since_ms = clock_now_ms();
	u->s->on_change(u->s->arg, u->name);
	work_soon(u->s);
}

struct changes {
	const char *active, *sub, *load, *result;
	uint32_t main_pid, restarts;
	bool has_main_pid, has_restarts;
};

static int read_property(sd_bus_message *m, const char *name, struct changes *c)
{
	const struct {
		const char *name;
		const char **place;
	} strings[] = { { "ActiveState", &c->active },
			{ "SubState", &c->sub },
			{ "LoadState", &c->load },
			{ "Result", &c->result } };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (strcmp(strings[i].name, name) == 0)
			return sd_bus_message_read(m, "v", "s", strings[i].place);
	if (strcmp(name, "MainPID") == 0) {
		c->has_main_pid = true;
		return sd_bus_message_read(m, "v", "u", &c->main_pid);
	}
	if (strcmp(name, "NRestarts") == 0) {
		c->has_restarts = true;
		return sd_bus_message_read(m, "v", "u", &c->restarts);
	}
	return sd_bus_message_skip(m, "v");
}

/* a{sv} */
static int read_changes(sd_bus_message *m, struct changes *c)
{
	const char *name;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0)
			r = read_property(m, name, c);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static void apply_changes(struct sd_unit *u, const struct changes *c)
{
	if (c->has_main_pid)
		u->main_pid = (pid_t)c->main_pid;
	if (c->has_restarts)
		u->restarts = c->restarts;
	if (c->result && strcmp(c->result, "success") != 0)
		set_message(u, c->result);
	else if (c->result)
		set_message(u, NULL);
	take_state(u, c->active, c->sub, c->load);
}

static int on_properties(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;
	struct changes c = { 0 };
	CLEANUP(free) char *name = NULL;
	const char *interface;
	struct sd_unit *u;

	(void)error;
	CHECK_MAGIC(s, SYSTEMD_MAGIC);
	if (sd_bus_path_decode(sd_bus_message_get_path(m), SD_PATH "/unit", &name) <= 0 ||
	    !(u = find(s, name)) || sd_bus_message_read(m, "s", &interface) < 0)
		return 0;
	if (read_changes(m, &c) >= 0)
		apply_changes(u, &c);
	return 0;
}

static int on_listed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct sysd *s = arg;
	const char *name, *load, *active, *sub;
	int r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");

	(void)error;
	while (r >= 0 &&
	       (r = sd_bus_message_read(m, "(ssssssouso)", &name, NULL, &load, &active,
					&sub, NULL, NULL, NULL, NULL, NULL)) > 0) {
		struct sd_unit *u = find(s, name);

		if (u)
			take_state(u, active, sub, load);
	}
	work_soon(s);
	return 0;
}

/* What a signal may not have told: all states, and the main processes. */
static void list_all(struct sysd *s)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(s->bus, &m, SD_NAME, SD_PATH, SD_MANAGER,
					       "ListUnitsByNames");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "s");
	for (const struct sd_unit *u = s->units; u && r >= 0; u = u->next)
		r = sd_bus_message_append(m, "s", u->name);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_call_async(s->bus, NULL, m, on_listed, s, 0);
	if (r < 0)
		log_warn("systemd-not-asked", STR("error", strerror(-r)));
	sd_bus_message_unref(m);
}

static int on_main_pid(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct job *j = arg;
	struct sd_unit *u = find(j->s, j->name);
	uint32_t pid;

	(void)error;
	if (u && sd_bus_message_read(m, "v", "u", &pid) >= 0)
		u->main_pid = (pid_t)pid;
	return 0;
}

static void ask_main_pid(const struct sd_unit *u)
{
	CLEANUP(free) char *path = NULL;
	struct job *j = job_new(u);
	sd_bus_slot *slot = NULL;
	int r = sd_bus_path_encode(SD_PATH "/unit", u->name, &path);

	if (r >= 0)
		r = sd_bus_call_method_async(u->s->bus, &slot, SD_NAME, path,
					     "org.freedesktop.DBus.Properties", "Get",
					     on_main_pid, j, "ss", SD_NAME ".Service",
					     "MainPID");
	job_hand_over(j, slot, r);
}

/* ---------------------------------------------------------------- work */

static void job_failed(struct sysd *s, const char *name, const sd_bus_error *e)
{
	struct sd_unit *u = find(s, name);

	log_warn("systemd-refused", STR("unit", name), STR("error", e->message));
	if (!u)
		return;
	set_message(u, e->message);
	s->on_change(s->arg, name);
}

static int on_job(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct job *j = arg;

	(void)error;
	CHECK_MAGIC(j->s, SYSTEMD_MAGIC);
	if (sd_bus_message_is_method_error(m, NULL))
		job_failed(j->s, j->name, sd_bus_message_get_error(m));
	list_all(j->s);
	return 0;
}

static void ask_job(const struct sd_unit *u, const char *method)
{
	struct job *j = job_new(u);
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_method_async(u->s->bus, &slot, SD_NAME, SD_PATH, SD_MANAGER,
					 method, on_job, j, "ss", u->name, "replace");

	job_hand_over(j, slot, r);
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
	list_all(s);
	work_soon(s);
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
		set_message(u, e.msg);
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
		set_message(u, NULL);
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
	struct sd_unit *u = find(s, name);

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
	work_soon(s);
}

static void sysd_drop(struct units *base, const char *name)
{
	struct sd_unit *u = find(sysd_of(base), name);

	if (!u)
		return;
	u->dropping = true;
	if (u->run)
		u->asked = false;
	u->run = false;
	work_soon(u->s);
}

static int sysd_reload(struct units *base, const char *name, struct err *err)
{
	struct sd_unit *u = find(sysd_of(base), name);

	if (!u)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	if (strcmp(u->active, "active") != 0)
		return err_set(err, ERR_CONFLICT, "%s does not run", name);
	ask_job(u, "ReloadUnit");
	return 0;
}

static bool sysd_get(const struct units *base, const char *name, struct unit_status *ret)
{
	const struct sd_unit *u = find(sysd_of(base), name);

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
			"PropertiesChanged", on_properties, NULL, s);
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
		list_all(s);
		for (const struct sd_unit *u = s->units; u; u = u->next)
			ask_main_pid(u);
	}
	loop_timer_in(s->timer, 0);
	*ret = TAKE(base);
	return 0;
}
