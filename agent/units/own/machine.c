/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of one unit, after the states of systemd's service units: its phases, and the
 * way up. stop.c is the rest.
 */
#include "unit.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

static const struct {
	const char *active, *sub;
} phases[PHASE_N] = {
	[PHASE_DEAD] = { "inactive", "dead" },
	[PHASE_WAITING] = { "activating", "waiting" },
	[PHASE_START_PRE] = { "activating", "start-pre" },
	[PHASE_START] = { "activating", "start" },
	[PHASE_START_POST] = { "activating", "start-post" },
	[PHASE_RUNNING] = { "active", "running" },
	[PHASE_EXITED] = { "active", "exited" },
	[PHASE_RELOAD] = { "reloading", "reload" },
	[PHASE_STOP] = { "deactivating", "stop" },
	[PHASE_STOP_SIGTERM] = { "deactivating", "stop-sigterm" },
	[PHASE_STOP_SIGKILL] = { "deactivating", "stop-sigkill" },
	[PHASE_STOP_POST] = { "deactivating", "stop-post" },
	[PHASE_FAILED] = { "failed", "failed" },
	[PHASE_AUTO_RESTART] = { "activating", "auto-restart" },
};

const char *const result_names[RESULT_N] = {
	[RESULT_SUCCESS] = "success",         [RESULT_EXIT_CODE] = "exit-code",
	[RESULT_SIGNAL] = "signal",           [RESULT_TIMEOUT] = "timeout",
	[RESULT_PROTOCOL] = "protocol",       [RESULT_RESOURCES] = "resources",
	[RESULT_START_LIMIT] = "start-limit", [RESULT_DEPENDENCY] = "dependency",
};

const char *phase_active(enum phase p)
{
	return phases[p].active;
}

const char *phase_sub(enum phase p)
{
	return phases[p].sub;
}

bool unit_is_idle(const struct unit *u)
{
	return u->phase == PHASE_DEAD || u->phase == PHASE_FAILED;
}

bool unit_is_up(const struct unit *u)
{
	return u->phase == PHASE_RUNNING || u->phase == PHASE_EXITED ||
	       u->phase == PHASE_RELOAD;
}

void unit_set_phase(struct unit *u, enum phase phase)
{
	u->phase = phase;
	u->since_ms = clock_now_ms();
	u->cmd = 0;
	loop_timer_unset(u->deadline);
	loop_timer_unset(u->poll);
	log_debug("unit", STR("unit", u->name), STR("active", phase_active(phase)),
		  STR("sub", phase_sub(phase)));
	unit_save(u);
	if (u->own->opening)
		return;
	u->own->on_change(u->own->arg, u->name);
	unit_tell_others(u);
}

void unit_set_deadline(struct unit *u, int64_t ms)
{
	if (ms >= 0)
		loop_timer_in(u->deadline, ms);
}

void unit_set_poll(struct unit *u)
{
	u->poll_ms = POLL_FIRST_MS;
	loop_timer_in(u->poll, u->poll_ms);
}

/* The first reason stays: what follows from it is of less interest. */
void unit_fail(struct unit *u, enum result why, const char *message)
{
	if (u->result != RESULT_SUCCESS)
		return;
	u->result = why;
	free(u->message);
	u->message = xstrdup(message);
	log_warn("unit-failed", STR("unit", u->name), STR("result", result_names[why]),
		 STR("message", message));
}

static char *exit_words(const char *what, struct proc_exit how)
{
	if (how.kind == PROC_UNKNOWN)
		return xasprintf("%s ended, status unknown", what);
	if (how.kind == PROC_SIGNALLED)
		return xasprintf("%s was killed by SIG%s", what,
				 how.value < 32 ? sigabbrev_np(how.value) : "RT");
	return xasprintf("%s exited with status %d", what, how.value);
}

bool unit_exit_is_clean(const struct unit *u, struct proc_exit how)
{
	bool signalled = how.kind == PROC_SIGNALLED;

	if (how.kind == PROC_UNKNOWN)
		return false;
	if (unit_exits_has(&u->spec->success, signalled, how.value))
		return true;
	if (!signalled)
		return how.value == 0;
	return u->spec->type != UNIT_ONESHOT &&
	       (how.value == SIGHUP || how.value == SIGINT || how.value == SIGTERM ||
		how.value == SIGPIPE);
}

void unit_fail_by_exit(struct unit *u, const char *what, struct proc_exit how)
{
	CLEANUP(free) char *words = exit_words(what, how);

	unit_fail(u, how.kind == PROC_SIGNALLED ? RESULT_SIGNAL : RESULT_EXIT_CODE,
		  words);
}

/* ---------------------------------------------------------------- start */

static bool within_start_limit(struct unit *u)
{
	int64_t now = clock_mono_ms();

	if (u->spec->start_limit_burst <= 0 || u->spec->start_limit_ms <= 0)
		return true;
	if (!u->limit_count || now - u->limit_since_mono_ms > u->spec->start_limit_ms) {
		u->limit_since_mono_ms = now;
		u->limit_count = 0;
	}
	return ++u->limit_count <= u->spec->start_limit_burst;
}

static void new_invocation(struct unit *u)
{
	uint8_t bytes[16];

	CHECK(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), u->invocation);
}

static void start_now(struct unit *u)
{
	CLEANUP(free) char *last = TAKE(u->message);
	struct err e;

	u->result = RESULT_SUCCESS;
	u->main_exited = false;
	u->started = false;
	if (!within_start_limit(u)) {
		CLEANUP(free)
		char *words = last ? xasprintf("%s; it was started too often", last)
				   : xstrdup("it was started too often");

		unit_fail(u, RESULT_START_LIMIT, words);
		u->stop_asked = false;
		unit_set_phase(u, PHASE_FAILED);
		return;
	}
	new_invocation(u);
	cgroup_make(u->own->cgroups, u->name, &u->cgroup);
	if (unit_make_dirs(u, &e) < 0 || unit_open_notify(u, &e) < 0) {
		unit_fail(u, RESULT_RESOURCES, e.msg);
		unit_finish(u);
		return;
	}
	unit_run_cmds(u, PHASE_START_PRE);
}

void unit_start(struct unit *u)
{
	if (!u->spec || (!unit_is_idle(u) && u->phase != PHASE_AUTO_RESTART &&
			 u->phase != PHASE_WAITING))
		return;
	u->stop_asked = false;
	if (!unit_pull(u)) {
		u->result = RESULT_SUCCESS;
		unit_fail(u, RESULT_DEPENDENCY, "a unit that it requires has failed");
		unit_set_phase(u, PHASE_FAILED);
		return;
	}
	if (!unit_must_wait(u))
		start_now(u);
	else if (u->phase != PHASE_WAITING)
		unit_set_phase(u, PHASE_WAITING);
}

/* ---------------------------------------------------------------- commands in order */

static enum unit_exec exec_of(enum phase p)
{
	switch ((int)p) {
	case PHASE_START_PRE:
		return UNIT_EXEC_START_PRE;
	case PHASE_START:
		return UNIT_EXEC_START;
	case PHASE_START_POST:
		return UNIT_EXEC_START_POST;
	case PHASE_RELOAD:
		return UNIT_EXEC_RELOAD;
	case PHASE_STOP:
		return UNIT_EXEC_STOP;
	default:
		CHECK(p == PHASE_STOP_POST);
		return UNIT_EXEC_STOP_POST;
	}
}

void unit_cmds_done(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_START_PRE:
		unit_run_cmds(u, PHASE_START);
		break;
	case PHASE_START:
		unit_run_cmds(u, PHASE_START_POST);
		break;
	case PHASE_START_POST:
		unit_enter_running(u);
		break;
	case PHASE_RELOAD:
		unit_enter_running(u);
		break;
	case PHASE_STOP:
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	default:
		CHECK(u->phase == PHASE_STOP_POST);
		unit_finish(u);
	}
}

/* A command of this phase failed. */
static void cmds_failed(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_START_POST:
		unit_run_cmds(u, PHASE_STOP);
		break;
	case PHASE_RELOAD:
		u->result = RESULT_SUCCESS; /* the unit runs on, the words are kept */
		unit_enter_running(u);
		break;
	case PHASE_STOP_POST:
		unit_finish(u);
		break;
	default:
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
	}
}

static void control_exited(void *arg, struct proc_exit how)
{
	struct unit *u = arg;
	const struct unit_cmds *list;

	CHECK_MAGIC(u, UNIT_MAGIC);
	u->control = NULL;
	if (u->phase == PHASE_STOP_SIGTERM || u->phase == PHASE_STOP_SIGKILL) {
		unit_on_poll(u);
		return;
	}
	list = &u->spec->cmds[exec_of(u->phase)];
	if (u->cmd < list->n && !unit_exit_is_clean(u, how) &&
	    !list->v[u->cmd].ignore_failure) {
		unit_fail_by_exit(u, list->v[u->cmd].words[0], how);
		cmds_failed(u);
		return;
	}
	u->cmd++;
	if (u->phase == PHASE_START && u->spec->type == UNIT_FORKING) {
		unit_set_poll(u);
		unit_on_poll(u);
		return;
	}
	unit_save(u);
	unit_next_cmd(u);
}

/* A oneshot's commands and a service's process are main, all others control. */
static bool runs_as_main(const struct unit *u)
{
	return u->phase == PHASE_START && u->spec->type != UNIT_FORKING;
}

static void after_spawn(struct unit *u)
{
	unit_save(u);
	if (runs_as_main(u) && u->spec->type != UNIT_ONESHOT &&
	    u->spec->type != UNIT_NOTIFY) {
		u->cmd++;
		unit_next_cmd(u);
	}
}

void unit_next_cmd(struct unit *u)
{
	enum unit_exec kind = exec_of(u->phase);
	const struct unit_cmds *list = &u->spec->cmds[kind];
	struct err e;
	pid_t pid;
	int rc;

	if (u->cmd >= list->n) {
		unit_cmds_done(u);
		return;
	}
	rc = unit_spawn(u, kind, &list->v[u->cmd], &pid, &e);
	if (rc == 0 && runs_as_main(u))
		rc = proc_watch_new(u->own->loop, pid, 0, unit_main_exited, u, &u->main,
				    &e);
	else if (rc == 0)
		rc = proc_watch_new(u->own->loop, pid, 0, control_exited, u, &u->control,
				    &e);
	if (rc == 0) {
		after_spawn(u);
	} else if (list->v[u->cmd].ignore_failure) {
		u->cmd++;
		unit_next_cmd(u);
	} else {
		unit_fail(u, RESULT_RESOURCES, e.msg);
		cmds_failed(u);
	}
}

void unit_run_cmds(struct unit *u, enum phase phase)
{
	bool stopping = phase == PHASE_STOP || phase == PHASE_STOP_POST;

	unit_set_phase(u, phase);
	u->held = phase == PHASE_STOP && u->stop_asked && unit_stop_must_wait(u);
	if (u->held)
		return;
	unit_set_deadline(u, stopping ? u->spec->timeout_stop_ms
				      : u->spec->timeout_start_ms);
	unit_next_cmd(u);
}
