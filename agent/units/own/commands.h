/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.h - the commands of a phase (ExecStartPre=, ExecStart= ...), one after
 * another.
 */
#ifndef AGENT_UNITS_OWN_COMMANDS_H
#define AGENT_UNITS_OWN_COMMANDS_H

#include "unit.h"

enum commands {
	COMMANDS_RUN,    /* one is running; its exit is reported */
	COMMANDS_DONE,   /* none is left */
	COMMANDS_FAILED, /* one could not be started, the unit has failed */
};

/* Starts the command at u->cmd, and those after it if they need not be waited for. */
enum commands unit_run_commands(struct unit *u, proc_exit_fn *main_exited,
				proc_exit_fn *control_exited);
/* The command at u->cmd has exited: false when that is a failure, else on to the next. */
bool unit_command_exited(struct unit *u, struct proc_exit how);

#endif
