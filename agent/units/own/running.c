/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "running.h"

#include "check.h"
#include "processes.h"
#include "save.h"
#include "stop.h"

#include <limits.h>
#include <string.h>

enum phase unit_phase_once_started(struct unit *u)
{
	const struct unit_spec *s = u->spec;
	bool alive = u->main || (s->type == UNIT_FORKING && !u->main_exited &&
				 unit_has_processes(u, true));

	if (alive)
		return PHASE_RUNNING;
	if (u->main_exited && !unit_exit_is_clean(u, u->main_exit) &&
	    s->type != UNIT_ONESHOT)
		return PHASE_STOP_SIGTERM;
	return s->remain_after_exit ? PHASE_EXITED : PHASE_STOP;
}

enum phase unit_after_main_exit(struct unit *u)
{
	if (!unit_exit_is_clean(u, u->main_exit) && !u->stop_asked)
		unit_fail_by_exit(u, "the main process", u->main_exit);
	switch ((int)u->phase) {
	case PHASE_START:
		unit_fail(u, RESULT_PROTOCOL, "it exited before it was ready");
		return PHASE_STOP_SIGTERM;
	case PHASE_RUNNING:
		return PHASE_RUNNING; /* if something of it still runs */
	case PHASE_STOP_SIGTERM:
	case PHASE_STOP_SIGKILL:
		return unit_stop_check(u);
	default: /* the commands of this phase end first */
		unit_save(u);
		return PHASE_STAY;
	}
}

int unit_can_reload(const struct unit *u, struct err *err)
{
	if (u->phase != PHASE_RUNNING)
		return err_set(err, ERR_CONFLICT, "%s is not running", u->name);
	if (!u->spec->cmds[UNIT_EXEC_RELOAD].n)
		return err_set(err, ERR_INVAL, "%s has no ExecReload", u->name);
	return 0;
}

pid_t unit_read_notice(struct unit *u, const char *line)
{
	if (strncmp(line, "MAINPID=", 8) == 0) {
		long pid = strtol(line + 8, NULL, 10);

		if (pid > 1 && pid < INT_MAX && unit_has_process(u, (pid_t)pid) &&
		    (!u->main || proc_watch_pid(u->main) != (pid_t)pid))
			return (pid_t)pid;
	} else if (strncmp(line, "STATUS=", 7) == 0 && u->result == RESULT_SUCCESS) {
		free(u->message);
		u->message = xstrdup(line + 7);
	}
	return 0;
}
