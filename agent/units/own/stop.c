/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stop.h"

#include "check.h"
#include "dirs.h"
#include "log.h"
#include "notify.h"
#include "processes.h"
#include "timers.h"

#include <signal.h>

enum phase unit_stop_phase(const struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_DEAD:
	case PHASE_FAILED:
	case PHASE_WAITING:
	case PHASE_AUTO_RESTART:
		return PHASE_DEAD;
	case PHASE_RUNNING:
	case PHASE_EXITED:
	case PHASE_RELOAD:
	case PHASE_START_POST:
		return u->control ? PHASE_STOP_SIGTERM : PHASE_STOP;
	case PHASE_START_PRE:
	case PHASE_START:
		return PHASE_STOP_SIGTERM;
	default: /* it is stopping already */
		return u->held ? PHASE_STOP : PHASE_STAY;
	}
}

static bool kills_all(const struct unit *u, int signo)
{
	return u->spec->kill_mode == UNIT_KILL_GROUP ||
	       (u->spec->kill_mode == UNIT_KILL_MIXED && signo == SIGKILL);
}

void unit_stop_signal(struct unit *u, enum phase phase)
{
	int signo = phase == PHASE_STOP_SIGTERM ? u->spec->kill_signal : SIGKILL;

	if (u->spec->kill_mode == UNIT_KILL_NONE)
		return;
	unit_kill(u, signo, kills_all(u, signo), false);
	if (signo != SIGKILL)
		unit_kill(u, SIGCONT, kills_all(u, signo), false);
}

enum phase unit_stop_check(struct unit *u)
{
	bool all = u->spec->kill_mode == UNIT_KILL_GROUP;

	if (u->spec->kill_mode == UNIT_KILL_NONE)
		proc_watch_release(TAKE(u->main));
	if (unit_has_processes(u, all)) {
		unit_poll_again(u);
		return PHASE_STAY;
	}
	if (u->spec->kill_mode == UNIT_KILL_MIXED)
		unit_kill(u, SIGKILL, true, false);
	return PHASE_STOP_POST;
}

enum phase unit_stop_timed_out(struct unit *u)
{
	switch ((int)u->phase) {
	case PHASE_STOP_SIGTERM:
		if (!u->spec->send_sigkill)
			return PHASE_STOP_POST;
		unit_fail(u, RESULT_TIMEOUT, "it did not stop in time");
		return PHASE_STOP_SIGKILL;
	case PHASE_STOP_SIGKILL:
		log_error("unit-unkillable", STR("unit", u->name));
		unit_set_deadline(u, u->spec->timeout_stop_ms);
		return PHASE_STAY;
	case PHASE_STOP_POST:
		unit_fail(u, RESULT_TIMEOUT, "ExecStopPost took too long");
		return PHASE_STOP_SIGKILL;
	default:
		CHECK(u->phase == PHASE_STOP);
		unit_fail(u, RESULT_TIMEOUT, "ExecStop took too long");
		return PHASE_STOP_SIGTERM;
	}
}

void unit_clean_up(struct unit *u)
{
	unit_close_notify(u);
	if (u->spec && *u->invocation)
		unit_remove_runtime_dirs(u);
	cgroup_remove(&u->cgroup);
	u->invocation[0] = '\0';
	if (u->own->log)
		unit_log_forget(u->own->log, u->name);
}
