/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "own.h"

#include "adopt.h"
#include "check.h"
#include "list.h"
#include "load.h"
#include "log.h"
#include "machine.h"
#include "save.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

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

static void own_set(struct units *base, const char *name, const char *hash,
		    const char *text, bool run)
{
	struct own *o = own_of(base);
	struct unit *u = own_find(o, name);
	bool is_new = !u, ran;

	if (is_new) {
		u = own_add(o, name, unit_on_deadline, unit_on_poll);
		unit_load_new(u, hash, text);
	}
	ran = u->run;
	u->run = run;
	u->dropping = false;
	if (strcmp(u->next_hash ? u->next_hash : u->hash, hash) != 0) {
		unit_keep_next(u, hash, text);
		unit_stop(u);
		return;
	}
	if (is_new && u->spec == NULL) {
		o->on_change(o->arg, name);
	} else if (run && (is_new || !ran)) {
		unit_start(u);
	} else if (!run && !phase_is_idle(u->phase)) {
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

static int own_restart(struct units *base, const char *name, struct err *err)
{
	struct unit *u = own_find(own_of(base), name);

	if (!u)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	if (!u->run || !phase_is_up(u->phase))
		return err_set(err, ERR_CONFLICT, "%s is not running", name);
	/* One that should run is started again once it has stopped. */
	unit_stop(u);
	return 0;
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

	own_free_all(o);
	loop_timer_free(o->reaper);
	cgroup_root_free(o->cgroups);
	files_close(o->files);
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
	.restart = own_restart,
	.get = own_get,
	.at = own_at,
	.cpu_seconds = own_cpu_seconds,
	.close = own_close,
};

/* ---------------------------------------------------------------- opening */

static void on_saved(void *arg, const char *path, const struct err *err)
{
	(void)arg;
	if (err)
		log_warn("unit-state-not-saved", STR("path", path), ERR(err));
}

static void on_reaper(void *arg)
{
	struct own *o = arg;

	CHECK_MAGIC(o, OWN_MAGIC);
	own_free_gone(o);
}

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

/* What the agent's service gave up, its units do not get back. */
static void warn_restricted(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		log_warn("units-restricted",
			 STR("message",
			     "the agent runs without new privileges, and so do "
			     "its units: programs that change their user, such "
			     "as sudo, fail in them; see Units in "
			     "foretide-agent(8)"));
}

int units_own_open(struct loop *loop, const struct units_opts *opts, struct units **ret,
		   struct err *err)
{
	CLEANUP(units_close) struct units *base = NULL;
	struct own *o = xcalloc(1, sizeof(*o));
	int rc;

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
	o->oom_score = proc_oom_score_of_units();
	if (opts->cgroup_name)
		o->cgroups = cgroup_root_new(opts->cgroup_name);
	if (mkdir(o->state_dir, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "%s", o->state_dir);
	rc = files_open(loop, on_saved, o, &o->files, err);
	if (rc < 0)
		return rc;
	warn_restricted();
	own_adopt(o);
	*ret = TAKE(base);
	return 0;
}
