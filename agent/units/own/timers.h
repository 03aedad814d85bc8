/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timers.h - the two timers of a unit: a deadline of its phase, and a poll that slows
 * down. A change of phase unsets both.
 */
#ifndef AGENT_UNITS_OWN_TIMERS_H
#define AGENT_UNITS_OWN_TIMERS_H

#include "unit.h"

void unit_set_deadline(struct unit *u, int64_t ms); /* negative: none */
void unit_poll_first(struct unit *u);               /* soon, then less and less often */
void unit_poll_again(struct unit *u);
void unit_poll_slowly(struct unit *u);

#endif
