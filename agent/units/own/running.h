/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * running.h - what a unit does once it is started: it runs, has exited, or must stop.
 *
 * Functions that return a phase return the one to enter next, or PHASE_STAY.
 */
#ifndef AGENT_UNITS_OWN_RUNNING_H
#define AGENT_UNITS_OWN_RUNNING_H

#include "unit.h"

/* RUNNING or EXITED, or, if nothing is left of it, a phase of stopping. */
enum phase unit_phase_once_started(struct unit *u);
/* Its main process has exited; u->main_exit is how. */
enum phase unit_after_main_exit(struct unit *u);
int unit_can_reload(const struct unit *u, struct err *err) MUST_CHECK;

/* Takes STATUS= or MAINPID= of a notify message; returns a main process of the unit
 * that is not yet known, else 0. */
pid_t unit_read_notice(struct unit *u, const char *line);

#endif
