/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.h - the order among units: which one waits for, starts or stops which.
 *
 * Only looks; the state machine acts on it.
 */
#ifndef AGENT_UNITS_OWN_DEPS_H
#define AGENT_UNITS_OWN_DEPS_H

#include "unit.h"

/* Something it is After= is still on its way up (or down). */
bool unit_must_wait(const struct unit *u);
/* One that is After= it is still stopping, so it has to wait with its own stop. */
bool unit_stop_must_wait(const struct unit *u);

/* u Requires= o, which has failed; so u cannot start. */
bool unit_lacks(const struct unit *u, const struct unit *o);
/* o is to be started before u, which Requires= or Wants= it. */
bool unit_pulls(const struct unit *u, const struct unit *o);
/* u goes down, or is down, and o with it. */
bool unit_takes_down(const struct unit *u, const struct unit *o);

#endif
