/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h - the units of the supervisor: added, found by name, removed.
 */
#ifndef AGENT_UNITS_OWN_LIST_H
#define AGENT_UNITS_OWN_LIST_H

#include "unit.h"

/* The timers of the new unit call on_deadline and on_poll with it. */
struct unit *own_add(struct own *o, const char *name, loop_timer_fn *on_deadline,
		     loop_timer_fn *on_poll);
struct unit *own_find(const struct own *o, const char *name);
/* u itself, or the first after it that is not gone. */
struct unit *own_next(struct unit *u);
void unit_remove(struct unit *u); /* it is gone; freed later, so callers may go on */
void own_free_gone(struct own *o);
void own_free_all(struct own *o);

#endif
