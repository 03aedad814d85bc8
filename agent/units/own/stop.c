/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of one unit while it runs, and how it ends. */
#include "unit.h"

#include "check.h"
#include "log.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

/* ---------------------------------------------------------------- running */

void unit_enter_running(struct unit *u)
{
	const struct unit_spec *s = u->spec;
	bool alive = u->main || (s->type == UNIT_FORKING && !u->main_exited &&
				 unit_has_processes(u, true));

	if (!alive && u->main_exited && !unit_exit_is_clean(u, u->main_exit) &&
	    s->type != UNIT_ONESHOT) {
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	}
	if (!alive && !s->remain_after_exit) {
		unit_run_cmds(u, PHASE_STOP);
		return;
	}
	u->started = true;
	unit_set_phase(u, alive ? PHASE_RUNNING : PHASE_EXITED);
	/* Without a main process we have to look whether any is left. */
	if (alive && !u->main) {
		u->poll_ms = POLL_MOST_MS;
		loop_timer_in(u->poll, u->poll_ms);
	}
}

static void oneshot_exited(struct unit *u, struct proc_exit how)
{
	const struct unit_cmds *list = &u->spec->cmds[UNIT_EXEC_START];

	if (u->cmd < list->n && !unit_exit_is_clean(u, how) &&
	    !list->v[u->cmd].ignore_failure) {
		unit_fail_by_exit(u, list->v[u->cmd].words[0], how);
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	}
	u->main_exited = false;
	u->cmd++;
	unit_next_cmd(u);
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
	if (!unit_exit_is_clean(u, how) && !u->stop_asked)
		unit_fail_by_exit(u, "the main process", how);
	switch ((int)u->phase) {
	case PHASE_START:
		unit_fail(u, RESULT_PROTOCOL, "it ended before it was ready");
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	case PHASE_RUNNING:
		unit_enter_running(u);
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
		unit_cmds_done(u);
}

int unit_reload(struct unit *u, struct err *err)
{
	if (u->phase != PHASE_RUNNING)
		return err_set(err, ERR_CONFLICT, "%s does not run", u->name);
	if (!u->spec->cmds[UNIT_EXEC_RELOAD].n)
		return err_set(err, ERR_INVAL, "%s has no ExecReload", u->name);
	unit_run_cmds(u, PHASE_RELOAD);
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
		unit_finish(u);
		break;
	case PHASE_RUNNING:
	case PHASE_EXITED:
	case PHASE_RELOAD:
	case PHASE_START_POST:
		if (u->control)
			unit_enter_signal(u, PHASE_STOP_SIGTERM);
		else
			unit_run_cmds(u, PHASE_STOP);
		break;
	case PHASE_START_PRE:
	case PHASE_START:
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		break;
	default: /* it is stopping already */
		if (held)
			unit_run_cmds(u, PHASE_STOP);
	}
}

static bool kills_all(const struct unit *u, int signo)
{
	return u->spec->kill_mode == UNIT_KILL_GROUP ||
	       (u->spec->kill_mode == UNIT_KILL_MIXED && signo == SIGKILL);
}

void unit_enter_signal(struct unit *u, enum phase phase)
{
	int signo = phase == PHASE_STOP_SIGTERM ? u->spec->kill_signal : SIGKILL;

	unit_set_phase(u, phase);
	unit_set_deadline(u, u->spec->timeout_stop_ms);
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
	unit_run_cmds(u, PHASE_STOP_POST);
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

void unit_finish(struct unit *u)
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
		unit_set_phase(u, PHASE_FAILED);
	} else if (u->run && !asked && wants_restart(u)) {
		u->restarts++;
		unit_set_phase(u, PHASE_AUTO_RESTART);
		loop_timer_in(u->deadline, MAX(u->spec->restart_ms, 0));
	} else {
		unit_set_phase(u, u->result == RESULT_SUCCESS || asked ? PHASE_DEAD
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
			unit_enter_signal(u, PHASE_STOP_SIGKILL);
		} else {
			unit_run_cmds(u, PHASE_STOP_POST);
		}
		break;
	case PHASE_STOP_SIGKILL:
		log_error("unit-unkillable", STR("unit", u->name));
		unit_set_deadline(u, u->spec->timeout_stop_ms);
		break;
	case PHASE_STOP_POST:
		unit_fail(u, RESULT_TIMEOUT, "ExecStopPost took too long");
		unit_enter_signal(u, PHASE_STOP_SIGKILL);
		break;
	default:
		unit_fail(u, RESULT_TIMEOUT,
			  u->phase == PHASE_STOP ? "ExecStop took too long"
						 : "it did not start in time");
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
	}
}

static void poll_forking(struct unit *u)
{
	pid_t pid = unit_guess_main(u);

	if (pid) {
		adopt_main(u, pid);
		if (u->phase == PHASE_START)
			unit_cmds_done(u);
		return;
	}
	if (!u->spec->pid_file || !unit_has_processes(u, true)) {
		unit_fail(u, RESULT_PROTOCOL, "it left no process and no PID file");
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
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
			unit_enter_running(u);
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
			unit_set_deadline(u, u->spec->timeout_start_ms);
			return;
		}
		u->stop_asked = true;
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
		return;
	case PHASE_WAITING:
	case PHASE_AUTO_RESTART:
		u->phase = PHASE_AUTO_RESTART;
		loop_timer_in(u->deadline, 0);
		return;
	default: /* it was stopping, or preparing to start: end that, then see */
		u->stop_asked = true;
		unit_enter_signal(u, PHASE_STOP_SIGTERM);
	}
}
