/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine.h - the state machine of a unit: what is asked of it and what happens to its
 * processes goes in, and it is taken from phase to phase.
 */
#ifndef AGENT_UNITS_OWN_MACHINE_H
#define AGENT_UNITS_OWN_MACHINE_H

#include "unit.h"

void unit_start(struct unit *u);
void unit_stop(struct unit *u);
int unit_reload(struct unit *u, struct err *err) MUST_CHECK;
/* Enters a phase, and those that follow from it at once. */
void unit_enter(struct unit *u, enum phase phase);

/* What happens; arg is the unit. */
void unit_on_main_exit(void *arg, struct proc_exit how);
void unit_on_deadline(void *arg);
void unit_on_poll(void *arg);
void unit_on_notify(void *arg, int fd, uint32_t events);

#endif
