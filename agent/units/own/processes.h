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
/* Whether a process is one of the unit's own: in its group; without groups, begun by one
 * of its commands, or marked as its own. */
bool unit_has_process(const struct unit *u, pid_t pid);
/* What each of its processes has as the limit of file locks, where it has no group. */
uint64_t unit_mark(const struct unit *u);
/* From PIDFile=, or the only process there is; 0 when there is none yet. A file that
 * names a process that is not the unit's names none. */
pid_t unit_guess_main(struct unit *u);
/* The process that is not the unit's but named by its PIDFile=; 0: none is. */
pid_t unit_stranger_in_file(const struct unit *u);

#endif
