/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - what outlives the daemon, in its state folder: the database with this
 * installation's identity and calendar, and the CA.
 */
#ifndef CONTROLLER_STATE_H
#define CONTROLLER_STATE_H

#include "wiring.h"

/* Opens d->db and d->ca; sets owner, join_secret, and the process's calendar. */
int daemon_state_open(struct daemon *d, struct err *err) MUST_CHECK;

/* Creates the folder and those above it, if they are missing. */
int state_make_folder(const char *path, struct err *err) MUST_CHECK;

#endif
