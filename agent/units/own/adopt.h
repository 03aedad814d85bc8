/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adopt.h - units that a previous run of the agent left, found again by their state
 * files.
 */
#ifndef AGENT_UNITS_OWN_ADOPT_H
#define AGENT_UNITS_OWN_ADOPT_H

#include "unit.h"

/* Adds them to the list, finds their processes, and takes each on from its phase. */
void own_adopt(struct own *o);

#endif
