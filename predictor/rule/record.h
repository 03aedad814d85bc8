/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - a decision's record: the exact input of decide() and the state it began
 * with, as one self-contained line of JSON, so that any version can repeat it.
 *
 *	{"v":2,"by":"0.3.0","in":{"stack":"shop","demand":41.2,...},
 *	 "state":{"needed":[since,last,at,value,...],"in_since":..}}
 *
 * Members of decide_input have their own names; those that are 0, false or NULL are
 * omitted. Doubles come back bit by bit (17 digits; "nan", "inf", "-inf"). A window is
 * when it began, when it was last noted, then a time and a value each; its times are
 * counted back from now_ms. Typically 600 to 900 bytes.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef PREDICTOR_RULE_RECORD_H
#define PREDICTOR_RULE_RECORD_H

#include "cleanup.h"
#include "decide.h"
#include "err.h"

#define RECORD_FORMAT 2 /* raise: an older version would misread it */
#define RECORD_MAX_BYTES 65536
#define RECORD_VERSION_MAX 32

struct record {
	struct decide_input in; /* its strings are valid as long as the record */
	struct decide_state state;
	char version[RECORD_VERSION_MAX]; /* of the program that recorded it */
	json_t *doc;
};

/* The text, the caller's. A string's bytes that are not UTF-8 are replaced as in the
 * sentence, so both stay the same. About 15 us. */
char *record_write(const struct decide_input *in, const struct decide_state *state);

/*
 * Reads it back. ERR_INVAL names the member that is invalid, unknown or of a newer
 * format: no text makes a record that decide() could not process. The caller owns *ret.
 */
int record_read(const char *text, struct record **ret, struct err *err) MUST_CHECK;
void record_free(struct record *r);
DEFINE_CLEANUP(struct record *, record_free);

#endif
