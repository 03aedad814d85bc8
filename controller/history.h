/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.h - a tier's past demand from a CSV text.
 *
 * Lines of timestamp,value; the timestamp is RFC 3339 or Unix seconds, the value a
 * number, or empty for a gap. One head line, empty lines and lines with # are passed
 * over. Each value is the mean until the next one; a longer gap than usual (over three
 * times the usual step, and over 5 min) stays a gap.
 */
#ifndef CONTROLLER_HISTORY_H
#define CONTROLLER_HISTORY_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

struct history {
	int64_t from_ms; /* a full minute */
	double *v;       /* [n] minutes, NaN for gaps */
	size_t n;
	size_t n_lines;  /* values read */
	int64_t last_ms; /* time of the last value */
	int64_t step_ms; /* the usual distance of two of them */
};
void history_done(struct history *h);
DEFINE_CLEANUP_OBJECT(struct history, history_done);

/* Lines may be out of order; of two with one time the last counts. ERR_INVAL names the
 * line; ERR_LIMIT when it is longer than 400 days. */
int history_parse(const char *text, size_t len, struct history *ret,
		  struct err *err) MUST_CHECK;

/*
 * Reads and puts it in. end_now: the whole is moved by whole days (weeks, when it is
 * longer than two) so that the time of day (and the weekday) stays and it reaches to
 * now_ms, what goes beyond being cut off; one of less than two days ends at most a day
 * before. Without end_now a time in the future is ERR_INVAL. *ret_added: minutes that
 * were new.
 */
int history_import(struct db *db, const char *stack, const char *tier, const char *text,
		   size_t len, bool end_now, int64_t now_ms, size_t *ret_added,
		   struct err *err) MUST_CHECK;

#endif
