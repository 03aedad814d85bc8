/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - the socket on which a Type=notify unit sends READY=1 and its status.
 */
#ifndef AGENT_UNITS_OWN_NOTIFY_H
#define AGENT_UNITS_OWN_NOTIFY_H

#include "unit.h"

/* Opens it if the unit's type has one; fn is called with u when there is a message. */
int unit_open_notify(struct unit *u, loop_io_fn *fn, struct err *err) MUST_CHECK;
void unit_close_notify(struct unit *u);
/* One message; false when there is none. */
bool unit_receive_notify(const struct unit *u, char *ret, size_t size);
char *unit_notify_path(const struct unit *u); /* the caller frees it */

#endif
