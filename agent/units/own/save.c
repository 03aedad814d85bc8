/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "save.h"

#include "check.h"
#include "log.h"

#include <limits.h>
#include <string.h>

#define STATE_MAX_BYTES (1 << 20)
/* A disk that hangs does not keep a unit from starting. */
#define HOLD_MOST_MS 2000

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

/* Also when it failed: a start does not wait for a disk that is full. */
static void on_saved(void *arg, const char *path, const struct err *err)
{
	struct unit *u = arg;

	(void)path;
	(void)err;
	CHECK_MAGIC(u, UNIT_MAGIC);
	if (u->unsaved)
		loop_timer_in(u->poll, 0);
}

void unit_save(struct unit *u)
{
	CLEANUP(free) char *path = path_of(u);
	CLEANUP(json_decref) json_t *doc = unit_json(u);
	CLEANUP(free) char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	if (!text) {
		log_warn("unit-state-not-saved", STR("unit", u->name));
		return;
	}
	/* Not synced: it must survive the agent, not a restart of the machine, which ends
	 * all processes. For root only: the text may contain secrets. */
	if (u->unsaved)
		files_write_then(u->own->files, path, text, strlen(text), 0600,
				 FILES_UNSYNCED, on_saved, u);
	else
		files_write(u->own->files, path, text, strlen(text), 0600,
			    FILES_UNSYNCED);
}

void unit_save_and_hold(struct unit *u)
{
	/* Not what is reported of an earlier start. */
	files_forget(u->own->files, u);
	u->unsaved = true;
	loop_timer_in(u->poll, HOLD_MOST_MS);
	unit_save(u);
}

void unit_save_remove(const struct unit *u)
{
	CLEANUP(free) char *path = path_of(u);

	files_remove(u->own->files, path);
}

/* ---------------------------------------------------------------- reading it back */

int saved_open(const struct own *o, const char *path, json_t **ret, const char **ret_name,
	       struct err *err)
{
	CLEANUP(free) char *text = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *boot_id;
	size_t len;
	int rc = conf_read_file(path, STATE_MAX_BYTES, &text, &len, err);

	if (rc == 0)
		rc = json_parse(text, len, path, &doc, err);
	if (rc == 0)
		rc = jread_str(doc, "name", ret_name, err);
	if (rc == 0)
		rc = jread_str(doc, "boot_id", &boot_id, err);
	if (rc < 0)
		return rc;
	if (strcmp(boot_id, o->boot_id) != 0)
		return err_set(err, ERR_NOT_FOUND, "the machine has restarted since");
	*ret = TAKE(doc);
	return 0;
}

int saved_read(const json_t *doc, struct unit *u, struct err *err)
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

void saved_read_cgroup(const json_t *doc, struct cgroup *ret)
{
	const json_t *groups = json_object_get(doc, "cgroups");

	for (size_t i = 0; i < json_array_size(groups) && i < CGROUP_DIRS_MAX; i++) {
		const char *dir = json_string_value(json_array_get(groups, i));

		if (dir && access(dir, F_OK) == 0)
			ret->dirs[ret->n++] = xstrdup(dir);
	}
}

bool saved_read_process(const json_t *doc, const char *which, pid_t *ret_pid,
			uint64_t *ret_start)
{
	const json_t *process = json_object_get(doc, which);
	int64_t pid = 0, start = 0;

	if (!json_is_object(process) || jread_int(process, "pid", &pid, NULL) < 0 ||
	    jread_int(process, "start", &start, NULL) < 0 || pid <= 1 || pid > INT_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	*ret_start = (uint64_t)start;
	return true;
}
