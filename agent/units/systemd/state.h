/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - the states of units as systemd reports them: by signals, and when asked.
 */
#ifndef AGENT_UNITS_SYSTEMD_STATE_H
#define AGENT_UNITS_SYSTEMD_STATE_H

#include "manager.h"

/* Asks for all states, since signals may be lost; units_change_fn is called for what
 * differs. */
void sysd_list_all(struct sysd *s);
void sysd_ask_main_pid(const struct sd_unit *u);
/* PropertiesChanged; arg is the struct sysd. */
int sysd_on_properties(sd_bus_message *m, void *arg, sd_bus_error *error);

#endif
