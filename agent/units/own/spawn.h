/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawn.h - starts one process of a unit, as its options specify.
 */
#ifndef AGENT_UNITS_OWN_SPAWN_H
#define AGENT_UNITS_OWN_SPAWN_H

#include "unit.h"

int unit_spawn(struct unit *u, enum unit_exec kind, const struct unit_cmd *cmd,
	       struct proc_started *ret, struct err *err) MUST_CHECK;

#endif
