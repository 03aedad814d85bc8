/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restore.h - a backup put into an empty state folder.
 *
 * What the backup knows may be old: hosts may have come and gone since. So the controller
 * that starts on it ends nothing for a while (controller.restore_grace), and asks each
 * host what it runs before it gets a schedule.
 */
#ifndef CONTROLLER_RESTORE_H
#define CONTROLLER_RESTORE_H

#include "options.h"

/* The meta text of when a restored database was first served, calendar ms; at first
 * RESTORE_META_FRESH. */
#define RESTORE_META "restored_ms"
#define RESTORE_META_FRESH "fresh"

/*
 * from: a file of 'foretide backup', or a copy of a state folder. Prints what the
 * controller will adopt. check_only: that alone, and the state folder is not looked at.
 * ERR_CONFLICT: it is not empty. On failure the folder is as it was, but for a part of
 * the keys when the disk failed.
 */
int restore_state(const struct options *o, const char *from, bool check_only,
		  struct err *err) MUST_CHECK;

#endif
