/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adopt.h"

#include "check.h"
#include "list.h"
#include "load.h"
#include "log.h"
#include "machine.h"
#include "notify.h"
#include "save.h"
#include "timers.h"

#include <dirent.h>
#include <string.h>

/* ---------------------------------------------------------------- finding them */

/* Its exit status is not for us to know. */
static void on_control_exit(void *arg, struct proc_exit how)
{
	struct unit *u = arg;

	(void)how;
	u->control = NULL;
	unit_on_poll(u);
}

/* NULL when the process no longer exists. */
static struct proc_watch *watch(struct unit *u, const json_t *doc, const char *which,
				proc_exit_fn *fn)
{
	struct proc_watch *w = NULL;
	uint64_t start;
	pid_t pid;

	if (!saved_read_process(doc, which, &pid, &start) ||
	    proc_watch_new(u->own->loop, pid, start, fn, u, &w, NULL) < 0)
		return NULL;
	return w;
}

static void find_processes(struct unit *u, const json_t *doc)
{
	saved_read_cgroup(doc, &u->cgroup);
	u->main_exit = (struct proc_exit){ PROC_UNKNOWN, 0 };
	u->main = watch(u, doc, "main", unit_on_main_exit);
	u->control = watch(u, doc, "control", on_control_exit);
	u->adopted = u->main != NULL;
	if (u->main && u->own->log)
		unit_log_adopt(u->own->log, u->name, proc_watch_pid(u->main));
	if (u->main)
		log_info("unit-adopted", STR("unit", u->name),
			 INT("pid", proc_watch_pid(u->main)));
}

static int adopt_one(struct own *o, const char *path, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *name;
	struct unit *u;
	int rc = saved_open(o, path, &doc, &name, err);

	if (rc < 0)
		return rc;
	u = own_add(o, name, unit_on_deadline, unit_on_poll);
	rc = saved_read(doc, u, err);
	if (rc == 0)
		rc = unit_load(u, err);
	if (rc < 0) {
		unit_remove(u);
		return rc;
	}
	find_processes(u, doc);
	return 0;
}

static void adopt_all(struct own *o)
{
	DIR *d = opendir(o->state_dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("%s/%s", o->state_dir, e->d_name);
		const char *dot = strrchr(e->d_name, '.');
		struct err why;

		if (!dot || strcmp(dot, ".json") != 0)
			continue;
		if (adopt_one(o, path, &why) < 0) {
			log_info("unit-state-dropped", STR("path", path), ERR(&why));
			(void)unlink(path);
		}
	}
	if (d)
		closedir(d);
}

/* ---------------------------------------------------------------- taking them on */

static void resume_start(struct unit *u)
{
	struct err e;

	if (!u->main) {
		u->stop_asked = true;
		unit_enter(u, PHASE_STOP_SIGTERM);
		return;
	}
	(void)!unit_open_notify(u, unit_on_notify, &e);
	unit_set_deadline(u, u->spec->timeout_start_ms);
}

static void resume_running(struct unit *u)
{
	struct err e;

	(void)!unit_open_notify(u, unit_on_notify, &e);
	u->phase = PHASE_RUNNING;
	if (!u->main)
		unit_on_main_exit(u, u->main_exit);
}

static void resume(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_DEAD:
	case PHASE_FAILED:
	case PHASE_EXITED:
		break;
	case PHASE_RUNNING:
	case PHASE_RELOAD:
	case PHASE_START_POST:
		resume_running(u);
		break;
	case PHASE_START:
		resume_start(u);
		break;
	case PHASE_WAITING:
	case PHASE_AUTO_RESTART:
		u->phase = PHASE_AUTO_RESTART;
		unit_set_deadline(u, 0);
		break;
	default: /* it was stopping, or preparing to start: end that, then see */
		u->stop_asked = true;
		unit_enter(u, PHASE_STOP_SIGTERM);
	}
}

void own_adopt(struct own *o)
{
	o->opening = true;
	adopt_all(o);
	for (struct unit *u = own_next(o->units); u; u = own_next(u->next))
		resume(u);
	o->opening = false;
}
