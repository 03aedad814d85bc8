/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.h - how a unit starts: whether it may, what is made ready, and what ends the
 * start.
 *
 * Functions that return a phase return the one to enter next, or PHASE_STAY.
 */
#ifndef AGENT_UNITS_OWN_START_H
#define AGENT_UNITS_OWN_START_H

#include "unit.h"

/* It is neither running nor on its way up or down, and its text is valid. */
bool unit_can_start(const struct unit *u);
/* Makes ready what its processes need; on_notify is for unit_open_notify(). */
enum phase unit_start_now(struct unit *u, loop_io_fn *on_notify);
/* A unit that it requires has failed. */
enum phase unit_start_without_required(struct unit *u);
enum phase unit_start_timed_out(struct unit *u);
/* A forking unit has no main process yet: waits for one, as long as there may be one. */
enum phase unit_start_has_no_main(struct unit *u);

#endif
