/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * phase.h - the phases of a unit, after the states of systemd's service units: their
 * names, and which one follows when a phase's commands have ended.
 *
 * Pure. The numbers are in saved state files: add new ones at the end.
 */
#ifndef AGENT_UNITS_OWN_PHASE_H
#define AGENT_UNITS_OWN_PHASE_H

#include <stdbool.h>

enum phase {
	PHASE_DEAD,
	PHASE_WAITING, /* for a unit it is After= */
	PHASE_START_PRE,
	PHASE_START,
	PHASE_START_POST,
	PHASE_RUNNING,
	PHASE_EXITED,
	PHASE_RELOAD,
	PHASE_STOP,
	PHASE_STOP_SIGTERM,
	PHASE_STOP_SIGKILL,
	PHASE_STOP_POST,
	PHASE_FAILED,
	PHASE_AUTO_RESTART,
	PHASE_N,
	PHASE_STAY = PHASE_N, /* as the next phase: no change */
};

/* systemd's ActiveState and SubState. */
const char *phase_active(enum phase p);
const char *phase_sub(enum phase p);

bool phase_is_idle(enum phase p); /* dead or failed */
bool phase_is_up(enum phase p);   /* running, exited or reloading */
bool phase_is_coming_up(enum phase p);
bool phase_is_going_down(enum phase p);

/* After the commands of p; PHASE_RUNNING and PHASE_DEAD stand for what becomes of it. */
enum phase phase_after(enum phase p);
/* After a command of p has failed. */
enum phase phase_after_failure(enum phase p);

#endif
