/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * advance.h - takes one unit a step towards its scheduled state: started once its text
 * and files are there, replaced or stopped once it is drained.
 */
#ifndef AGENT_WANTED_ADVANCE_H
#define AGENT_WANTED_ADVANCE_H

#include "entry.h"

/* Loads all units to be started first, so that After= and Requires= find them. */
void wanted_load_all(struct wanted *w);
/* false: it has left the schedule and is stopped; forget it. */
bool entry_advance(struct entry *e);

#endif
