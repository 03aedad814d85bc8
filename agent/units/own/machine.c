/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine.h"

#include "check.h"
#include "clock.h"
#include "commands.h"
#include "deps.h"
#include "list.h"
#include "load.h"
#include "log.h"
#include "notify.h"
#include "processes.h"
#include "restart.h"
#include "running.h"
#include "save.h"
#include "start.h"
#include "stop.h"
#include "timers.h"

#include <signal.h>
#include <string.h>

/* ---------------------------------------------------------------- other units */

/* Starts what it needs of the units here; false: one of them has failed. */
static bool start_needed(struct unit *u)
{
	for (struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		if (unit_lacks(u, o))
			return false;
		if (unit_pulls(u, o)) {
			o->run = true;
			unit_start(o);
		}
	}
	return true;
}

/* Those that wait for it, or that it takes down with it. */
static void notify_dependents(struct unit *u)
{
	for (struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		if (o == u || !o->spec)
			continue;
		if (o->phase == PHASE_WAITING) {
			unit_start(o);
			continue;
		}
		if (o->held && !unit_stop_must_wait(o))
			unit_stop(o);
		if (unit_takes_down(u, o))
			unit_stop(o);
	}
}

/* ---------------------------------------------------------------- its processes */

static void adopt_main(struct unit *u, pid_t pid)
{
	struct err e;

	proc_watch_release(TAKE(u->main));
	if (proc_watch_new(u->own->loop, pid, 0, unit_on_main_exit, u, &u->main, &e) < 0)
		unit_on_main_exit(u, (struct proc_exit){ PROC_UNKNOWN, 0 });
}

/* Of a forking unit: its start is complete then. */
static enum phase find_main(struct unit *u)
{
	pid_t pid = unit_guess_main(u);

	if (!pid)
		return unit_start_has_no_main(u);
	adopt_main(u, pid);
	return u->phase == PHASE_START ? phase_after(u->phase) : PHASE_STAY;
}

/* ---------------------------------------------------------------- entering a phase */

static void set_phase(struct unit *u, enum phase phase)
{
	u->phase = phase;
	u->since_ms = clock_now_ms();
	u->cmd = 0;
	loop_timer_unset(u->deadline);
	loop_timer_unset(u->poll);
	log_debug("unit", STR("unit", u->name), STR("active", phase_active(phase)),
		  STR("sub", phase_sub(phase)));
	u->unsaved = false;
	if (phase == PHASE_START_PRE)
		unit_save_and_hold(u);
	else
		unit_save(u);
	if (u->own->opening)
		return;
	u->own->on_change(u->own->arg, u->name);
	notify_dependents(u);
}

static void on_control_exit(void *arg, struct proc_exit how);

static enum phase commands_failed(struct unit *u)
{
	if (u->phase == PHASE_RELOAD)
		u->result = RESULT_SUCCESS; /* it runs on; the message is kept */
	return phase_after_failure(u->phase);
}

static enum phase run_commands(struct unit *u)
{
	switch (unit_run_commands(u, unit_on_main_exit, on_control_exit)) {
	case COMMANDS_DONE:
		return phase_after(u->phase);
	case COMMANDS_FAILED:
		return commands_failed(u);
	case COMMANDS_RUN:
		break;
	}
	return PHASE_STAY;
}

static enum phase end_hold(struct unit *u)
{
	if (!u->unsaved)
		return PHASE_STAY;
	u->unsaved = false;
	return run_commands(u);
}

static enum phase look_at_processes(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_START_PRE:
		return end_hold(u);
	case PHASE_START:
		return find_main(u);
	case PHASE_STOP_SIGTERM:
	case PHASE_STOP_SIGKILL:
		return unit_stop_check(u);
	case PHASE_RUNNING:
		if (!unit_has_processes(u, true))
			return PHASE_RUNNING; /* which it is no longer */
		unit_poll_slowly(u);
		return PHASE_STAY;
	default:
		return PHASE_STAY;
	}
}

static enum phase enter_commands(struct unit *u, enum phase phase)
{
	bool stopping = phase == PHASE_STOP || phase == PHASE_STOP_POST;

	set_phase(u, phase);
	u->held = phase == PHASE_STOP && u->stop_asked && unit_stop_must_wait(u);
	if (u->held)
		return PHASE_STAY;
	unit_set_deadline(u, stopping ? u->spec->timeout_stop_ms
				      : u->spec->timeout_start_ms);
	/* Nothing of it runs before it would be found after a kill of the agent. */
	return u->unsaved ? PHASE_STAY : run_commands(u);
}

static enum phase enter_running(struct unit *u)
{
	enum phase phase = unit_phase_once_started(u);

	if (!phase_is_up(phase))
		return phase;
	set_phase(u, phase);
	/* Without a main process we have to look whether any is left. */
	if (phase == PHASE_RUNNING && !u->main)
		unit_poll_slowly(u);
	return PHASE_STAY;
}

static enum phase enter_signal(struct unit *u, enum phase phase)
{
	set_phase(u, phase);
	unit_set_deadline(u, u->spec->timeout_stop_ms);
	unit_stop_signal(u, phase);
	unit_poll_first(u);
	return look_at_processes(u);
}

static enum phase start(struct unit *u)
{
	if (!unit_can_start(u))
		return PHASE_STAY;
	u->stop_asked = false;
	if (!start_needed(u))
		return unit_start_without_required(u);
	if (!unit_must_wait(u))
		return unit_start_now(u, unit_on_notify);
	return u->phase == PHASE_WAITING ? PHASE_STAY : PHASE_WAITING;
}

static void remove_unit(struct unit *u)
{
	u->phase = PHASE_DEAD;
	unit_remove(u);
	notify_dependents(u);
}

/* It has stopped: what becomes of it. */
static enum phase enter_dead(struct unit *u)
{
	bool asked = u->stop_asked;
	enum phase phase;

	u->held = false;
	u->stop_asked = false;
	unit_clean_up(u);
	if (u->dropping) {
		remove_unit(u);
		return PHASE_STAY;
	}
	if (u->next_text)
		unit_load_next(u);
	phase = unit_phase_once_stopped(u, asked);
	set_phase(u, phase);
	if (phase == PHASE_AUTO_RESTART)
		unit_set_deadline(u, MAX(u->spec->restart_ms, 0));
	else if (u->run && asked && phase_is_idle(u->phase))
		return start(u);
	return PHASE_STAY;
}

static enum phase enter(struct unit *u, enum phase phase)
{
	switch ((int)phase) {
	case PHASE_DEAD:
		return enter_dead(u);
	case PHASE_RUNNING:
		return enter_running(u);
	case PHASE_STOP_SIGTERM:
	case PHASE_STOP_SIGKILL:
		return enter_signal(u, phase);
	case PHASE_WAITING:
	case PHASE_FAILED:
		set_phase(u, phase);
		return PHASE_STAY;
	default:
		return enter_commands(u, phase);
	}
}

void unit_enter(struct unit *u, enum phase phase)
{
	while (phase != PHASE_STAY)
		phase = enter(u, phase);
}

/* ---------------------------------------------------------------- what is asked of it */

void unit_start(struct unit *u)
{
	unit_enter(u, start(u));
}

void unit_stop(struct unit *u)
{
	enum phase phase = unit_stop_phase(u); /* looks at held */

	u->stop_asked = true;
	/* Entering a phase notifies others, which may come back here. */
	u->held = false;
	unit_enter(u, phase);
}

int unit_reload(struct unit *u, struct err *err)
{
	int rc = unit_can_reload(u, err);

	if (rc == 0)
		unit_enter(u, PHASE_RELOAD);
	return rc;
}

/* ---------------------------------------------------------------- what happens to it */

/* One command of a oneshot. */
static enum phase oneshot_exited(struct unit *u)
{
	if (!unit_command_exited(u, u->main_exit))
		return commands_failed(u);
	u->main_exited = false;
	return run_commands(u);
}

void unit_on_main_exit(void *arg, struct proc_exit how)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	u->main = NULL;
	u->main_exit = how;
	u->main_exited = true;
	if (u->phase == PHASE_START && u->spec->type == UNIT_ONESHOT)
		unit_enter(u, oneshot_exited(u));
	else
		unit_enter(u, unit_after_main_exit(u));
}

static void on_control_exit(void *arg, struct proc_exit how)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	u->control = NULL;
	if (u->phase == PHASE_STOP_SIGTERM || u->phase == PHASE_STOP_SIGKILL) {
		unit_on_poll(u);
	} else if (!unit_command_exited(u, how)) {
		unit_enter(u, commands_failed(u));
	} else if (u->phase == PHASE_START && u->spec->type == UNIT_FORKING) {
		unit_poll_first(u);
		unit_on_poll(u);
	} else {
		unit_save(u);
		unit_enter(u, run_commands(u));
	}
}

void unit_on_notify(void *arg, int fd, uint32_t events)
{
	struct unit *u = arg;
	char text[4096];
	char *next = text, *line;
	bool ready = false;

	(void)fd;
	(void)events;
	CHECK_MAGIC(u, UNIT_MAGIC);
	if (!unit_receive_notify(u, text, sizeof(text)))
		return;
	while ((line = strsep(&next, "\n"))) {
		pid_t pid = unit_read_notice(u, line);

		ready |= strcmp(line, "READY=1") == 0;
		if (pid)
			adopt_main(u, pid);
	}
	if (ready && u->phase == PHASE_START)
		unit_enter(u, phase_after(u->phase));
}

void unit_on_deadline(void *arg)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	if (u->phase == PHASE_AUTO_RESTART)
		unit_start(u);
	else if (u->phase == PHASE_RELOAD)
		unit_kill(u, SIGKILL, false, true);
	else if (phase_is_going_down(u->phase))
		unit_enter(u, unit_stop_timed_out(u));
	else
		unit_enter(u, unit_start_timed_out(u));
}

void unit_on_poll(void *arg)
{
	struct unit *u = arg;

	CHECK_MAGIC(u, UNIT_MAGIC);
	unit_enter(u, look_at_processes(u));
}
