/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * processes.h - all processes of a unit: signalled, looked for, and its main one found.
 */
#ifndef AGENT_UNITS_OWN_PROCESSES_H
#define AGENT_UNITS_OWN_PROCESSES_H

#include "unit.h"

/* Signals all its processes, or only main and control; leaves main out on request. */
void unit_kill(struct unit *u, int signo, bool all, bool but_main);
bool unit_has_processes(struct unit *u, bool all);
/* From PIDFile=, or the only process there is; 0 when there is none yet. */
pid_t unit_guess_main(struct unit *u);

#endif
