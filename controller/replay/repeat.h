/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.h - repeats a recorded decision from its record, and compares the result byte by
 * byte with what was recorded.
 *
 * A decision that differs was made by different rules: by another version of the program,
 * which the record names; or its row was changed.
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
	REPEAT_UNREADABLE, /* the record is damaged */
	REPEAT_NO_RECORD,  /* from a version without records */
};

struct repeat {
	enum repeat_outcome outcome;
	char version[RECORD_VERSION_MAX]; /* recorded by; "": unknown */
	char field[64]; /* the first that differs: "to", "explanation.inputs.min" */
	char *recorded; /* the recorded value; or why the record is unreadable */
	char *repeated; /* the value now; NULL: there is no such field */
};

/* Repeats d; never fails. The caller owns *ret: repeat_done(). About 50 us. */
void repeat_decision(const struct db_decision *d, struct repeat *ret);
void repeat_done(struct repeat *r);
DEFINE_CLEANUP_OBJECT(struct repeat, repeat_done);

#endif
