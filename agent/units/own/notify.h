/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - the socket on which a unit sends READY=1 and its status. Only processes of
 * the unit are heard, those that NotifyAccess= names: by what the kernel says of the
 * sender. Of others a bounded number is read a second, and the streak of their messages
 * in the log ends with the socket.
 */
#ifndef AGENT_UNITS_OWN_NOTIFY_H
#define AGENT_UNITS_OWN_NOTIFY_H

#include "unit.h"

/* Opens it if the unit has one; fn is called with u when there is a message. Of a unit
 * with User= no other user can write to it. */
int unit_open_notify(struct unit *u, loop_io_fn *fn, struct err *err) MUST_CHECK;
void unit_close_notify(struct unit *u);
/* One message; false when there is none, or it is of somebody who may not send it. */
bool unit_receive_notify(struct unit *u, char *ret, size_t size);
char *unit_notify_path(const struct unit *u); /* the caller frees it */

#endif
