/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop.h - how a unit stops: ExecStop=, then SIGTERM, then SIGKILL, then what is left is
 * cleaned up.
 *
 * Functions that return a phase return the one to enter next, or PHASE_STAY.
 */
#ifndef AGENT_UNITS_OWN_STOP_H
#define AGENT_UNITS_OWN_STOP_H

#include "unit.h"

/* The first phase of stopping it, from the one that it is in. */
enum phase unit_stop_phase(const struct unit *u);
/* For PHASE_STOP_SIGTERM or PHASE_STOP_SIGKILL. */
void unit_stop_signal(struct unit *u, enum phase phase);
/* PHASE_STOP_POST once all processes that must exit have exited; else polls. */
enum phase unit_stop_check(struct unit *u);
enum phase unit_stop_timed_out(struct unit *u);
/* It has stopped: removes its socket, runtime folders and cgroup. */
void unit_clean_up(struct unit *u);

#endif
