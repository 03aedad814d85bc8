/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of one unit, after the states of systemd's service units. */
#include "units_own.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#define POLL_FIRST_MS 5
#define POLL_MOST_MS 200

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

static void run_cmds(struct unit *u, enum phase phase);
static void enter_running(struct unit *u);
static void enter_signal(struct unit *u, enum phase phase);
static void finish(struct unit *u);

static void set_phase(struct unit *u, enum phase phase)
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

static void set_deadline(struct unit *u, int64_t ms)
{
	if (ms >= 0)
		loop_timer_in(u->deadline, ms);
}

static void set_poll(struct unit *u)
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

static bool is_clean(const struct unit *u, struct proc_exit how)
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

static void fail_by_exit(struct unit *u, const char *what, struct proc_exit how)
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
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(u->invocation + 2 * i, 3, "%02x", bytes[i]);
}

static void start_now(struct unit *u)
{
	struct err e;

	u->result = RESULT_SUCCESS;
	free(u->message);
	u->message = NULL;
	u->main_exited = false;
	u->started = false;
	if (!within_start_limit(u)) {
		unit_fail(u, RESULT_START_LIMIT, "it was started too often");
		u->stop_asked = false;
		set_phase(u, PHASE_FAILED);
		return;
	}
	new_invocation(u);
	cgroup_make(u->own->cgroups, u->name, &u->cgroup);
	if (unit_make_dirs(u, &e) < 0 || unit_open_notify(u, &e) < 0) {
		unit_fail(u, RESULT_RESOURCES, e.msg);
		finish(u);
		return;
	}
	run_cmds(u, PHASE_START_PRE);
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
		set_phase(u, PHASE_FAILED);
		return;
	}
	if (!unit_must_wait(u))
		start_now(u);
	else if (u->phase != PHASE_WAITING)
		set_phase(u, PHASE_WAITING);
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

static void cmds_done(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_START_PRE:
		run_cmds(u, PHASE_START);
		break;
	case PHASE_START:
		run_cmds(u, PHASE_START_POST);
		break;
	case PHASE_START_POST:
		enter_running(u);
		break;
	case PHASE_RELOAD:
		enter_running(u);
		break;
	case PHASE_STOP:
		enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	default:
		CHECK(u->phase == PHASE_STOP_POST);
		finish(u);
	}
}

/* A command of this phase failed. */
static void cmds_failed(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_START_POST:
		run_cmds(u, PHASE_STOP);
		break;
	case PHASE_RELOAD:
		u->result = RESULT_SUCCESS; /* the unit runs on, the words are kept */
		enter_running(u);
		break;
	case PHASE_STOP_POST:
		finish(u);
		break;
	default:
		enter_signal(u, PHASE_STOP_SIGTERM);
	}
}

static void next_cmd(struct unit *u);

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
	if (u->cmd < list->n && !is_clean(u, how) && !list->v[u->cmd].ignore_failure) {
		fail_by_exit(u, list->v[u->cmd].words[0], how);
		cmds_failed(u);
		return;
	}
	u->cmd++;
	if (u->phase == PHASE_START && u->spec->type == UNIT_FORKING) {
		set_poll(u);
		unit_on_poll(u);
		return;
	}
	unit_save(u);
	next_cmd(u);
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
		next_cmd(u);
	}
}

static void next_cmd(struct unit *u)
{
	enum unit_exec kind = exec_of(u->phase);
	const struct unit_cmds *list = &u->spec->cmds[kind];
	struct err e;
	pid_t pid;
	int rc;

	if (u->cmd >= list->n) {
		cmds_done(u);
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
		next_cmd(u);
	} else {
		unit_fail(u, RESULT_RESOURCES, e.msg);
		cmds_failed(u);
	}
}

static void run_cmds(struct unit *u, enum phase phase)
{
	bool stopping = phase == PHASE_STOP || phase == PHASE_STOP_POST;

	set_phase(u, phase);
	u->held = phase == PHASE_STOP && u->stop_asked && unit_stop_must_wait(u);
	if (u->held)
		return;
	set_deadline(u, stopping ? u->spec->timeout_stop_ms : u->spec->timeout_start_ms);
	next_cmd(u);
}

/* ---------------------------------------------------------------- running */

static void enter_running(struct unit *u)
{
	const struct unit_spec *s = u->spec;
	bool alive = u->main || (s->type == UNIT_FORKING && !u->main_exited &&
				 unit_has_processes(u, true));

	if (!alive && u->main_exited && !is_clean(u, u->main_exit) &&
	    s->type != UNIT_ONESHOT) {
		enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	}
	if (!alive && !s->remain_after_exit) {
		run_cmds(u, PHASE_STOP);
		return;
	}
	u->started = true;
	set_phase(u, alive ? PHASE_RUNNING : PHASE_EXITED);
	/* Without a main process we have to look whether any is left. */
	if (alive && !u->main) {
		u->poll_ms = POLL_MOST_MS;
		loop_timer_in(u->poll, u->poll_ms);
	}
}

static void oneshot_exited(struct unit *u, struct proc_exit how)
{
	const struct unit_cmds *list = &u->spec->cmds[UNIT_EXEC_START];

	if (u->cmd < list->n && !is_clean(u, how) && !list->v[u->cmd].ignore_failure) {
		fail_by_exit(u, list->v[u->cmd].words[0], how);
		enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	}
	u->main_exited = false;
	u->cmd++;
	next_cmd(u);
}

void unit_main_exited(void *arg, struct proc_exit how)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	u->main = NULL;
	u->main_exit = how;
	u->main_exited = true;
	if (u->phase == PHASE_START && u->spec->type == UNIT_ONESHOT) {
		oneshot_exited(u, how);
		return;
	}
	if (!is_clean(u, how) && !u->stop_asked)
		fail_by_exit(u, "the main process", how);
	switch ((int)u->phase) {
	case PHASE_START:
		unit_fail(u, RESULT_PROTOCOL, "it ended before it was ready");
		enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	case PHASE_RUNNING:
		enter_running(u);
		break;
	case PHASE_STOP_SIGTERM:
	case PHASE_STOP_SIGKILL:
		unit_on_poll(u);
		break;
	default: /* the commands of this phase end first */
		unit_save(u);
	}
}

static void adopt_main(struct unit *u, pid_t pid)
{
	struct err e;

	proc_watch_release(TAKE(u->main));
	if (proc_watch_new(u->own->loop, pid, 0, unit_main_exited, u, &u->main, &e) < 0)
		unit_main_exited(u, (struct proc_exit){ PROC_UNKNOWN, 0 });
}

static void notify_line(struct unit *u, const char *line)
{
	if (strncmp(line, "MAINPID=", 8) == 0) {
		long pid = strtol(line + 8, NULL, 10);

		if (pid > 1 && pid < INT_MAX &&
		    (!u->main || proc_watch_pid(u->main) != (pid_t)pid))
			adopt_main(u, (pid_t)pid);
	} else if (strncmp(line, "STATUS=", 7) == 0 && u->result == RESULT_SUCCESS) {
		free(u->message);
		u->message = xstrdup(line + 7);
	}
}

void unit_notified(struct unit *u, char *message)
{
	bool ready = false;
	char *line;

	while ((line = strsep(&message, "\n"))) {
		ready |= strcmp(line, "READY=1") == 0;
		notify_line(u, line);
	}
	if (ready && u->phase == PHASE_START)
		cmds_done(u);
}

int unit_reload(struct unit *u, struct err *err)
{
	if (u->phase != PHASE_RUNNING)
		return err_set(err, ERR_CONFLICT, "%s does not run", u->name);
	if (!u->spec->cmds[UNIT_EXEC_RELOAD].n)
		return err_set(err, ERR_INVAL, "%s has no ExecReload", u->name);
	run_cmds(u, PHASE_RELOAD);
	return 0;
}

/* ---------------------------------------------------------------- stop */

void unit_stop(struct unit *u)
{
	bool held = u->held;

	u->stop_asked = true;
	switch ((int)u->phase) {
	case PHASE_DEAD:
	case PHASE_FAILED:
	case PHASE_WAITING:
	case PHASE_AUTO_RESTART:
		finish(u);
		break;
	case PHASE_RUNNING:
	case PHASE_EXITED:
	case PHASE_RELOAD:
	case PHASE_START_POST:
		if (u->control)
			enter_signal(u, PHASE_STOP_SIGTERM);
		else
			run_cmds(u, PHASE_STOP);
		break;
	case PHASE_START_PRE:
	case PHASE_START:
		enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	default: /* it is stopping already */
		if (held)
			run_cmds(u, PHASE_STOP);
	}
}

static bool kills_all(const struct unit *u, int signo)
{
	return u->spec->kill_mode == UNIT_KILL_GROUP ||
	       (u->spec->kill_mode == UNIT_KILL_MIXED && signo == SIGKILL);
}

static void enter_signal(struct unit *u, enum phase phase)
{
	int signo = phase == PHASE_STOP_SIGTERM ? u->spec->kill_signal : SIGKILL;

	set_phase(u, phase);
	set_deadline(u, u->spec->timeout_stop_ms);
	if (u->spec->kill_mode != UNIT_KILL_NONE) {
		unit_kill(u, signo, kills_all(u, signo), false);
		if (signo != SIGKILL)
			unit_kill(u, SIGCONT, kills_all(u, signo), false);
	}
	u->poll_ms = POLL_FIRST_MS;
	unit_on_poll(u);
}

/* Whether everything has ended that has to. */
static void check_stopped(struct unit *u)
{
	bool all = u->spec->kill_mode == UNIT_KILL_GROUP;

	if (u->spec->kill_mode == UNIT_KILL_NONE)
		proc_watch_release(TAKE(u->main));
	if (unit_has_processes(u, all)) {
		loop_timer_in(u->poll, u->poll_ms);
		u->poll_ms = MIN(u->poll_ms * 2, POLL_MOST_MS);
		return;
	}
	if (u->spec->kill_mode == UNIT_KILL_MIXED)
		unit_kill(u, SIGKILL, true, false);
	run_cmds(u, PHASE_STOP_POST);
}

/* ---------------------------------------------------------------- the end */

static bool wants_restart(const struct unit *u)
{
	bool aborted = u->result == RESULT_SIGNAL;
	bool abnormal = aborted || u->result == RESULT_TIMEOUT;

	if (u->result == RESULT_START_LIMIT || u->result == RESULT_DEPENDENCY)
		return false;
	if (u->main_exited && u->main_exit.kind != PROC_UNKNOWN &&
	    unit_exits_has(&u->spec->prevent, u->main_exit.kind == PROC_SIGNALLED,
			   u->main_exit.value))
		return false;
	switch (u->spec->restart) {
	case UNIT_RESTART_ALWAYS:
		return true;
	case UNIT_RESTART_ON_SUCCESS:
		return u->result == RESULT_SUCCESS;
	case UNIT_RESTART_ON_FAILURE:
		return u->result != RESULT_SUCCESS;
	case UNIT_RESTART_ON_ABNORMAL:
		return abnormal;
	case UNIT_RESTART_ON_ABORT:
		return aborted;
	case UNIT_RESTART_NO:
	case UNIT_RESTART_ON_WATCHDOG:
		break;
	}
	return false;
}

static void replace_text(struct unit *u)
{
	struct err e;

	free(u->hash);
	free(u->text);
	u->hash = TAKE(u->next_hash);
	u->text = TAKE(u->next_text);
	u->limit_count = 0;
	u->restarts = 0;
	free(u->message);
	u->message = NULL;
	u->result = RESULT_SUCCESS;
	if (unit_load(u, &e) < 0)
		u->message = xstrdup(e.msg);
}

static void clean_up(struct unit *u)
{
	unit_close_notify(u);
	if (u->spec && *u->invocation)
		unit_remove_runtime_dirs(u);
	cgroup_remove(&u->cgroup);
	u->invocation[0] = '\0';
	if (u->own->log)
		unit_log_forget(u->own->log, u->name);
}

static void finish(struct unit *u)
{
	bool asked = u->stop_asked;

	u->held = false;
	u->stop_asked = false;
	u->started = false;
	clean_up(u);
	if (u->dropping) {
		u->phase = PHASE_DEAD;
		unit_remove(u);
		unit_tell_others(u);
		return;
	}
	if (u->next_text)
		replace_text(u);
	if (!u->spec) {
		set_phase(u, PHASE_FAILED);
	} else if (u->run && !asked && wants_restart(u)) {
		u->restarts++;
		set_phase(u, PHASE_AUTO_RESTART);
		loop_timer_in(u->deadline, MAX(u->spec->restart_ms, 0));
	} else {
		set_phase(u, u->result == RESULT_SUCCESS || asked ? PHASE_DEAD
								  : PHASE_FAILED);
		if (u->run && asked && unit_is_idle(u))
			unit_start(u);
	}
}

/* ---------------------------------------------------------------- timers */

void unit_on_deadline(void *arg)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	switch ((int)u->phase) {
	case PHASE_AUTO_RESTART:
		unit_start(u);
		break;
	case PHASE_RELOAD:
		unit_kill(u, SIGKILL, false, true);
		break;
	case PHASE_STOP_SIGTERM:
		if (u->spec->send_sigkill) {
			unit_fail(u, RESULT_TIMEOUT, "it did not stop in time");
			enter_signal(u, PHASE_STOP_SIGKILL);
		} else {
			run_cmds(u, PHASE_STOP_POST);
		}
		break;
	case PHASE_STOP_SIGKILL:
		log_error("unit-unkillable", STR("unit", u->name));
		set_deadline(u, u->spec->timeout_stop_ms);
		break;
	case PHASE_STOP_POST:
		unit_fail(u, RESULT_TIMEOUT, "ExecStopPost took too long");
		enter_signal(u, PHASE_STOP_SIGKILL);
		break;
	default:
		unit_fail(u, RESULT_TIMEOUT,
			  u->phase == PHASE_STOP ? "ExecStop took too long"
						 : "it did not start in time");
		enter_signal(u, PHASE_STOP_SIGTERM);
	}
}

static void poll_forking(struct unit *u)
{
	pid_t pid = unit_guess_main(u);

	if (pid) {
		adopt_main(u, pid);
		if (u->phase == PHASE_START)
			cmds_done(u);
		return;
	}
	if (!u->spec->pid_file || !unit_has_processes(u, true)) {
		unit_fail(u, RESULT_PROTOCOL, "it left no process and no PID file");
		enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	}
	loop_timer_in(u->poll, u->poll_ms);
	u->poll_ms = MIN(u->poll_ms * 2, POLL_MOST_MS);
}

void unit_on_poll(void *arg)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	switch ((int)u->phase) {
	case PHASE_START:
		poll_forking(u);
		break;
	case PHASE_STOP_SIGTERM:
	case PHASE_STOP_SIGKILL:
		check_stopped(u);
		break;
	case PHASE_RUNNING:
		if (unit_has_processes(u, true))
			loop_timer_in(u->poll, POLL_MOST_MS);
		else
			enter_running(u);
		break;
	default:
		break;
	}
}

/* ---------------------------------------------------------------- adoption */

void unit_resume(struct unit *u)
{
	struct err e;

	switch ((int)u->phase) {
	case PHASE_DEAD:
	case PHASE_FAILED:
	case PHASE_EXITED:
		return;
	case PHASE_RUNNING:
	case PHASE_RELOAD:
	case PHASE_START_POST:
		u->started = true;
		(void)!unit_open_notify(u, &e);
		u->phase = PHASE_RUNNING;
		if (!u->main)
			unit_main_exited(u, u->main_exit);
		return;
	case PHASE_START:
		if (u->main) {
			(void)!unit_open_notify(u, &e);
			set_deadline(u, u->spec->timeout_start_ms);
			return;
		}
		u->stop_asked = true;
		enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	case PHASE_WAITING:
	case PHASE_AUTO_RESTART:
		u->phase = PHASE_AUTO_RESTART;
		loop_timer_in(u->deadline, 0);
		return;
	default: /* it was stopping, or preparing to start: end that, then see */
		u->stop_asked = true;
		enter_signal(u, PHASE_STOP_SIGTERM);
	}
}
