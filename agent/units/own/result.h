/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result.h - why a unit failed, and which exits count as a failure.
 */
#ifndef AGENT_UNITS_OWN_RESULT_H
#define AGENT_UNITS_OWN_RESULT_H

#include "process.h"

struct unit;

/* RESULT_SUCCESS when it has not failed. The numbers are in saved state files. */
enum result {
	RESULT_SUCCESS,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_TIMEOUT,
	RESULT_PROTOCOL,
	RESULT_RESOURCES,
	RESULT_START_LIMIT,
	RESULT_DEPENDENCY,
	RESULT_N,
};

const char *result_name(enum result r); /* systemd's */

/* Notes and logs why, unless there is a reason already. */
void unit_fail(struct unit *u, enum result why, const char *message);
/* what: the process, as the message names it. */
void unit_fail_by_exit(struct unit *u, const char *what, struct proc_exit how);
bool unit_exit_is_clean(const struct unit *u, struct proc_exit how);

#endif
