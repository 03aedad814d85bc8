/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_history.h - a tier's past demand from points in time (common/text/csv.h).
 *
 * Each value is the mean until the next one; a longer gap than usual (over three times
 * the usual step, and over 5 min) stays a gap.
 */
#ifndef CONTROLLER_METRICS_DEMAND_HISTORY_H
#define CONTROLLER_METRICS_DEMAND_HISTORY_H

#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "text.h"

#include <stddef.h>
#include <stdint.h>

#define HISTORY_POINTS_MAX 2000000

struct history {
	int64_t from_ms; /* a full minute */
	double *v;       /* [n] minutes, NaN for gaps */
	size_t n;
	size_t n_lines;  /* values read */
	int64_t last_ms; /* time of the last value */
	int64_t step_ms; /* the usual time between two of them */
};
void history_done(struct history *h);
DEFINE_CLEANUP_OBJECT(struct history, history_done);

/*
 * Turns points, in any order, into minutes; sorts them. ERR_INVAL when there are none,
 * ERR_LIMIT when they span more than 400 days.
 */
int history_minutes(struct csv_points *p, struct history *ret,
		    struct err *err) MUST_CHECK;

/*
 * Imports it as the demand of a tier; *ret_added: minutes that were new. ERR_INVAL when
 * its last value is in the future.
 */
int history_import(struct db *db, const char *stack, const char *tier,
		   const struct history *h, int64_t now_ms, size_t *ret_added,
		   struct err *err) MUST_CHECK;

#endif
