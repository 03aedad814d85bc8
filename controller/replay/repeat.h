/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.h - a recorded decision made again from its record, and compared byte by byte
 * with what was written down.
 *
 * One that differs was made by other rules: another version of the program, which the
 * record names; or the row was changed.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef CONTROLLER_REPLAY_REPEAT_H
#define CONTROLLER_REPLAY_REPEAT_H

#include "db.h"
#include "rule.h"

enum repeat_outcome {
	REPEAT_EQUAL,
	REPEAT_DIFFERENT,
	REPEAT_UNREADABLE, /* there is a record, and it is damaged */
	REPEAT_NO_RECORD,  /* from before records were kept */
};

struct repeat {
	enum repeat_outcome outcome;
	char version[RECORD_VERSION_MAX]; /* that recorded it; "" when not known */
	char field[64]; /* the first that differs: "to", "explanation.inputs.min" */
	char *recorded; /* what it said; of an unreadable one, what is wrong with it */
	char *repeated; /* what it says now; NULL when it has no such field */
};

/* Repeats d; never fails. The caller owns *ret: repeat_done(). About 50 us. */
void repeat_decision(const struct db_decision *d, struct repeat *ret);
void repeat_done(struct repeat *r);
DEFINE_CLEANUP_OBJECT(struct repeat, repeat_done);

#endif
