/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "strv.h"
#include "text.h"
#include "unitfile.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------- the list */

struct unit *own_next(struct unit *u)
{
	while (u && u->gone)
		u = u->next;
	return u;
}

struct unit *own_find(const struct own *o, const char *name)
{
	for (struct unit *u = own_next(o->units); u; u = own_next(u->next))
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

struct unit *own_add(struct own *o, const char *name)
{
	struct unit *u = xcalloc(1, sizeof(*u));
	struct unit **p = &o->units;

	u->magic = UNIT_MAGIC;
	u->own = o;
	u->name = xstrdup(name);
	u->notify_fd = -1;
	u->since_ms = clock_now_ms();
	u->deadline = loop_timer_new(o->loop, unit_on_deadline, u);
	u->poll = loop_timer_new(o->loop, unit_on_poll, u);
	while (*p && strcmp((*p)->name, name) < 0)
		p = &(*p)->next;
	u->next = *p;
	*p = u;
	return u;
}

static void unit_free(struct unit *u)
{
	unit_close_notify(u);
	proc_watch_free(u->main);
	proc_watch_free(u->control);
	loop_timer_free(u->deadline);
	loop_timer_free(u->poll);
	cgroup_done(&u->cgroup);
	unit_spec_free(u->spec);
	free(u->name);
	free(u->hash);
	free(u->text);
	free(u->next_hash);
	free(u->next_text);
	free(u->message);
	u->magic = 0;
	free(u);
}

void unit_remove(struct unit *u)
{
	u->gone = true;
	loop_timer_unset(u->deadline);
	loop_timer_unset(u->poll);
	unit_save_remove(u);
	loop_timer_in(u->own->reaper, 0);
	if (!u->own->opening)
		u->own->on_change(u->own->arg, u->name);
}

static void on_reaper(void *arg)
{
	struct own *o = arg;

	CHECK_MAGIC(o, OWN_MAGIC);
	for (struct unit **p = &o->units; *p;) {
		struct unit *u = *p;

		if (u->gone) {
			*p = u->next;
			unit_free(u);
		} else {
			p = &u->next;
		}
	}
}

/* ---------------------------------------------------------------- loading */

static void warn_ignored(const struct unit_spec *s)
{
	for (char **p = s->ignored; p && *p; p++)
		log_warn("unit-option-ignored", STR("unit", s->name), STR("option", *p));
}

int unit_load(struct unit *u, struct err *err)
{
	struct unit_specifiers s = { .unit = u->name,
				     .host = u->own->host,
				     .machine_id = u->own->machine_id,
				     .boot_id = u->own->boot_id };
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	const struct passwd *pw;
	int rc = unit_file_parse(u->text, strlen(u->text), u->name, &file, err);

	unit_spec_free(TAKE(u->spec));
	if (rc == 0)
		s.user = unit_file_get(file, "Service", "User");
	if (s.user && *s.user) {
		pw = getpwnam(s.user);
		s.home = pw ? pw->pw_dir : "/";
	}
	if (rc == 0)
		rc = unit_spec_parse(u->text, &s, &u->spec, err);
	if (rc == 0)
		warn_ignored(u->spec);
	return rc;
}

/* ---------------------------------------------------------------- operations */

static struct own *own_of(struct units *u)
{
	struct own *o = (struct own *)u;

	CHECK_MAGIC(o, OWN_MAGIC);
	return o;
}

static const struct own *own_of_const(const struct units *u)
{
	const struct own *o = (const struct own *)u;

	CHECK_MAGIC(o, OWN_MAGIC);
	return o;
}

static void load_new(struct unit *u, const char *hash, const char *text)
{
	struct err e;

	u->hash = xstrdup(hash);
	u->text = xstrdup(text);
	if (unit_load(u, &e) == 0)
		return;
	log_warn("unit-refused", STR("unit", u->name), ERR(&e));
	u->message = xstrdup(e.msg);
}

static void replace_later(struct unit *u, const char *hash, const char *text)
{
	free(u->next_hash);
	free(u->next_text);
	u->next_hash = xstrdup(hash);
	u->next_text = xstrdup(text);
	unit_stop(u);
}

static void own_set(struct units *base, const char *name, const char *hash,
		    const char *text, bool run)
{
	struct own *o = own_of(base);
	struct unit *u = own_find(o, name);
	bool is_new = !u, ran;

	if (is_new) {
		u = own_add(o, name);
		load_new(u, hash, text);
	}
	ran = u->run;
	u->run = run;
	u->dropping = false;
	if (strcmp(u->next_hash ? u->next_hash : u->hash, hash) != 0) {
		replace_later(u, hash, text);
		return;
	}
	if (is_new && u->spec == NULL) {
		o->on_change(o->arg, name);
	} else if (run && (is_new || !ran)) {
		unit_start(u);
	} else if (!run && !unit_is_idle(u)) {
		unit_stop(u);
	} else if (is_new || ran != run) {
		unit_save(u);
		o->on_change(o->arg, name);
	}
}

static void own_drop(struct units *base, const char *name)
{
	struct unit *u = own_find(own_of(base), name);

	if (!u)
		return;
	u->run = false;
	u->dropping = true;
	unit_save(u);
	unit_stop(u);
}

static int own_reload(struct units *base, const char *name, struct err *err)
{
	struct unit *u = own_find(own_of(base), name);

	if (!u)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	return unit_reload(u, err);
}

static bool own_get(const struct units *base, const char *name, struct unit_status *ret)
{
	const struct unit *u = own_find(own_of_const(base), name);

	if (!u)
		return false;
	*ret = (struct unit_status){
		.name = u->name,
		.hash = u->hash,
		.load = u->spec ? "loaded" : "error",
		.active = phase_active(u->phase),
		.sub = phase_sub(u->phase),
		.message = u->message ? u->message : "",
		.restarts = u->restarts,
		.since_ms = u->since_ms,
		.main_pid = u->main ? proc_watch_pid(u->main) : 0,
		.adopted = u->adopted,
		.want_run = u->run,
	};
	return true;
}

static const char *own_at(const struct units *base, size_t i)
{
	struct unit *u = own_next(own_of_const(base)->units);

	while (u && i--)
		u = own_next(u->next);
	return u ? u->name : NULL;
}

static double own_cpu_seconds(const struct units *base, const char *name)
{
	const struct unit *u = own_find(own_of_const(base), name);

	return u ? cgroup_cpu_seconds(&u->cgroup) : -1;
}

static void own_close(struct units *base)
{
	struct own *o = own_of(base);

	while (o->units) {
		struct unit *u = o->units;

		o->units = u->next;
		unit_free(u);
	}
	loop_timer_free(o->reaper);
	cgroup_root_free(o->cgroups);
	free(o->state_dir);
	free(o->host);
	o->magic = 0;
	free(o);
}

static const struct units_ops own_ops = {
	.name = "own",
	.set = own_set,
	.drop = own_drop,
	.reload = own_reload,
	.get = own_get,
	.at = own_at,
	.cpu_seconds = own_cpu_seconds,
	.close = own_close,
};

/* ---------------------------------------------------------------- opening */

/* The hex digits of a file such as /etc/machine-id. */
static void read_id(const char *path, char ret[33])
{
	CLEANUP(free) char *text = NULL;
	size_t n = 0;

	if (conf_read_file(path, 256, &text, NULL, NULL) < 0)
		return;
	for (const char *p = text; *p && n < 32; p++)
		if (strchr("0123456789abcdef", *p))
			ret[n++] = *p;
	ret[n] = '\0';
}

static void resume_all(struct own *o)
{
	for (struct unit *u = own_next(o->units); u; u = own_next(u->next))
		unit_resume(u);
}

int units_own_open(struct loop *loop, const struct units_opts *opts, struct units **ret,
		   struct err *err)
{
	CLEANUP(units_close) struct units *base = NULL;
	struct own *o = xcalloc(1, sizeof(*o));

	o->magic = OWN_MAGIC;
	o->base.ops = &own_ops;
	base = &o->base;
	o->loop = loop;
	o->state_dir = xasprintf("%s/units", opts->state_dir);
	o->host = xstrdup(opts->host);
	o->log = opts->log;
	o->on_change = opts->on_change;
	o->arg = opts->arg;
	o->reaper = loop_timer_new(loop, on_reaper, o);
	read_id("/etc/machine-id", o->machine_id);
	read_id("/proc/sys/kernel/random/boot_id", o->boot_id);
	if (opts->cgroup_name)
		o->cgroups = cgroup_root_new(opts->cgroup_name);
	if (mkdir(o->state_dir, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "%s", o->state_dir);
	o->opening = true;
	own_restore(o);
	resume_all(o);
	o->opening = false;
	*ret = TAKE(base);
	return 0;
}
