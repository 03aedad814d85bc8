/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restart.h - what becomes of a unit that has stopped: it is restarted (Restart=), or
 * stays stopped, or failed.
 */
#ifndef AGENT_UNITS_OWN_RESTART_H
#define AGENT_UNITS_OWN_RESTART_H

#include "unit.h"

/* asked: it was told to stop. Counts a restart. */
enum phase unit_phase_once_stopped(struct unit *u, bool asked);

#endif
