/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commands.h"

#include "check.h"
#include "save.h"
#include "spawn.h"

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

bool unit_command_exited(struct unit *u, struct proc_exit how)
{
	const struct unit_cmds *list = &u->spec->cmds[exec_of(u->phase)];

	if (u->cmd < list->n && !unit_exit_is_clean(u, how) &&
	    !list->v[u->cmd].ignore_failure) {
		unit_fail_by_exit(u, list->v[u->cmd].words[0], how);
		return false;
	}
	u->cmd++;
	return true;
}

/* A oneshot's commands and a service's process are main, all others control. */
static bool runs_as_main(const struct unit *u)
{
	return u->phase == PHASE_START && u->spec->type != UNIT_FORKING;
}

/* A service is up once its process is started, unless it says so itself. */
static bool must_be_waited_for(const struct unit *u)
{
	return !runs_as_main(u) || u->spec->type == UNIT_ONESHOT ||
	       u->spec->type == UNIT_NOTIFY;
}

static int start_command(struct unit *u, const struct unit_cmd *cmd,
			 proc_exit_fn *main_exited, proc_exit_fn *control_exited,
			 struct err *err)
{
	bool is_main = runs_as_main(u);
	struct proc_started p;
	int rc = unit_spawn(u, exec_of(u->phase), cmd, &p, err);

	return rc < 0 ? rc
		      : proc_watch_started(u->own->loop, &p,
					   is_main ? main_exited : control_exited, u,
					   is_main ? &u->main : &u->control, err);
}

enum commands unit_run_commands(struct unit *u, proc_exit_fn *main_exited,
				proc_exit_fn *control_exited)
{
	const struct unit_cmds *list = &u->spec->cmds[exec_of(u->phase)];
	struct err e;

	for (; u->cmd < list->n; u->cmd++) {
		const struct unit_cmd *cmd = &list->v[u->cmd];

		if (start_command(u, cmd, main_exited, control_exited, &e) == 0) {
			unit_save(u);
			if (must_be_waited_for(u))
				return COMMANDS_RUN;
		} else if (!cmd->ignore_failure) {
			unit_fail(u, RESULT_RESOURCES, e.msg);
			return COMMANDS_FAILED;
		}
	}
	return COMMANDS_DONE;
}
