/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - a call on the bus about one unit; the answer finds the unit by its name, since
 * it may be gone by then.
 */
#ifndef AGENT_UNITS_SYSTEMD_CALL_H
#define AGENT_UNITS_SYSTEMD_CALL_H

#include "manager.h"

struct call {
	struct sysd *s;
	char *name;
};

struct call *sysd_call_new(const struct sd_unit *u);
/* The bus owns the call from here on, if it took it (r >= 0). */
void sysd_call_hand_over(struct call *c, sd_bus_slot *slot, int r);
/* Logs a call that the bus did not take. */
void sysd_call_failed(int r);

#endif
