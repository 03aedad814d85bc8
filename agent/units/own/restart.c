/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "restart.h"

static bool wants_restart(const struct unit *u)
{
	bool aborted = u->result == RESULT_SIGNAL;
	bool abnormal = aborted || u->result == RESULT_TIMEOUT;

	if (u->result == RESULT_START_LIMIT || u->result == RESULT_DEPENDENCY)
		return false;
	if (u->main_exited && proc_exit_is_known(u->main_exit) &&
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

enum phase unit_phase_once_stopped(struct unit *u, bool asked)
{
	if (!u->spec)
		return PHASE_FAILED;
	if (u->run && !asked && wants_restart(u)) {
		u->restarts++;
		return PHASE_AUTO_RESTART;
	}
	return u->result == RESULT_SUCCESS || asked ? PHASE_DEAD : PHASE_FAILED;
}
