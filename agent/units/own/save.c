/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit.h"

#include "check.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define STATE_MAX_BYTES (1 << 20)

static char *path_of(const struct unit *u)
{
	return xasprintf("%s/%s.json", u->own->state_dir, u->name);
}

static json_t *watch_json(const struct proc_watch *w)
{
	return w ? json_pack("{s:i,s:I}", "pid", (int)proc_watch_pid(w), "start",
			     (json_int_t)proc_watch_start(w))
		 : json_null();
}

static json_t *cgroup_json(const struct cgroup *g)
{
	json_t *a = json_array();

	for (size_t i = 0; i < g->n; i++)
		(void)json_array_append_new(a, json_string(g->dirs[i]));
	return a;
}

static json_t *unit_json(const struct unit *u)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:i,s:i,s:I,s:I,s:I,s:o,s:o,s:s,s:o,s:s*}",
			 "name", u->name, "hash", u->hash, "text", u->text, "boot_id",
			 u->own->boot_id, "run", (int)u->run, "phase", (int)u->phase,
			 "result", (int)u->result, "cmd", (json_int_t)u->cmd, "restarts",
			 (json_int_t)u->restarts, "since_ms", (json_int_t)u->since_ms,
			 "main", watch_json(u->main), "control", watch_json(u->control),
			 "invocation", u->invocation, "cgroups", cgroup_json(&u->cgroup),
			 "message", u->message);
}

/* Not synced: it has to survive the agent, not the machine, whose processes end too. */
void unit_save(const struct unit *u)
{
	CLEANUP(free) char *path = path_of(u);
	CLEANUP(free) char *temp = xasprintf("%s.new", path);
	CLEANUP(json_decref) json_t *doc = unit_json(u);
	CLEANUP(close_fd) int fd = -1;

	(void)unlink(temp);
	/* For root only: the text may hold what others must not read. */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (!doc || fd < 0 || json_dumpfd(doc, fd, JSON_COMPACT) < 0 ||
	    rename(temp, path) < 0)
		log_warn("unit-state-not-saved", STR("unit", u->name), STR("path", path));
}

void unit_save_remove(const struct unit *u)
{
	CLEANUP(free) char *path = path_of(u);

	(void)unlink(path);
}

/* ---------------------------------------------------------------- restoring */

static struct proc_watch *restore_watch(struct unit *u, const json_t *doc,
					proc_exit_fn *fn)
{
	struct proc_watch *w = NULL;
	int64_t pid = 0, start = 0;

	if (!json_is_object(doc) || jread_int(doc, "pid", &pid, NULL) < 0 ||
	    jread_int(doc, "start", &start, NULL) < 0 || pid <= 1 || pid > INT_MAX)
		return NULL;
	if (proc_watch_new(u->own->loop, (pid_t)pid, (uint64_t)start, fn, u, &w, NULL) <
	    0)
		return NULL;
	return w;
}

static void control_ended(void *arg, struct proc_exit how)
{
	struct unit *u = arg;

	(void)how;
	u->control = NULL;
	unit_on_poll(u);
}

static int restore_fields(struct unit *u, const json_t *doc, struct err *err)
{
	const char *hash, *text, *invocation = "", *message = NULL;
	int64_t phase = 0, result = 0, cmd = 0;
	int rc;

	if ((rc = jread_str(doc, "hash", &hash, err)) < 0 ||
	    (rc = jread_str(doc, "text", &text, err)) < 0 ||
	    (rc = jread_str_opt(doc, "invocation", &invocation, err)) < 0 ||
	    (rc = jread_str_opt(doc, "message", &message, err)) < 0 ||
	    (rc = jread_bool_opt(doc, "run", &u->run, err)) < 0 ||
	    (rc = jread_int(doc, "phase", &phase, err)) < 0 ||
	    (rc = jread_int_opt(doc, "result", &result, err)) < 0 ||
	    (rc = jread_int_opt(doc, "cmd", &cmd, err)) < 0 ||
	    (rc = jread_int_opt(doc, "restarts", &u->restarts, err)) < 0 ||
	    (rc = jread_int_opt(doc, "since_ms", &u->since_ms, err)) < 0)
		return rc;
	if (phase < 0 || phase >= PHASE_N || result < 0 || result >= RESULT_N || cmd < 0)
		return err_set(err, ERR_INVAL, "a number is out of range");
	u->phase = (enum phase)phase;
	u->result = (enum result)result;
	u->cmd = (size_t)cmd;
	u->hash = xstrdup(hash);
	u->text = xstrdup(text);
	u->message = message ? xstrdup(message) : NULL;
	snprintf(u->invocation, sizeof(u->invocation), "%s", invocation);
	return 0;
}

static void restore_processes(struct unit *u, const json_t *doc)
{
	const json_t *groups = json_object_get(doc, "cgroups");

	for (size_t i = 0; i < json_array_size(groups) && i < CGROUP_DIRS_MAX; i++) {
		const char *dir = json_string_value(json_array_get(groups, i));

		if (dir && access(dir, F_OK) == 0)
			u->cgroup.dirs[u->cgroup.n++] = xstrdup(dir);
	}
	u->main_exit = (struct proc_exit){ PROC_UNKNOWN, 0 };
	u->main = restore_watch(u, json_object_get(doc, "main"), unit_main_exited);
	u->control = restore_watch(u, json_object_get(doc, "control"), control_ended);
	u->adopted = u->main != NULL;
	if (u->main && u->own->log)
		unit_log_adopt(u->own->log, u->name, proc_watch_pid(u->main));
	if (u->main)
		log_info("unit-adopted", STR("unit", u->name),
			 INT("pid", proc_watch_pid(u->main)));
}

static int restore_one(struct own *o, const char *path, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *name, *boot_id;
	struct unit *u;
	size_t len;
	int rc = conf_read_file(path, STATE_MAX_BYTES, &text, &len, err);

	if (rc == 0)
		rc = json_parse(text, len, path, &doc, err);
	if (rc == 0)
		rc = jread_str(doc, "name", &name, err);
	if (rc == 0)
		rc = jread_str(doc, "boot_id", &boot_id, err);
	if (rc < 0)
		return rc;
	if (strcmp(boot_id, o->boot_id) != 0)
		return err_set(err, ERR_NOT_FOUND, "the machine has restarted since");
	u = own_add(o, name);
	rc = restore_fields(u, doc, err);
	if (rc == 0)
		rc = unit_load(u, err);
	if (rc < 0) {
		unit_remove(u);
		return rc;
	}
	restore_processes(u, doc);
	return 0;
}

void own_restore(struct own *o)
{
	DIR *d = opendir(o->state_dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("%s/%s", o->state_dir, e->d_name);
		const char *dot = strrchr(e->d_name, '.');
		struct err why;

		if (!dot || strcmp(dot, ".json") != 0)
			continue;
		if (restore_one(o, path, &why) < 0) {
			log_info("unit-state-dropped", STR("path", path), ERR(&why));
			(void)unlink(path);
		}
	}
	if (d)
		closedir(d);
}
