/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local_clock.h - converts a series in UTC to the local clock of a zone.
 *
 * Human activity follows the local clock: over a change to or from daylight saving a
 * series in UTC moves against its day. On the local clock a skipped hour is missing, and
 * a repeated one is the mean of both.
 *
 * Pure: no I/O, no clock, no global state; safe from any thread.
 */
#ifndef PREDICTOR_HORIZON_LOCAL_CLOCK_H
#define PREDICTOR_HORIZON_LOCAL_CLOCK_H

#include "cleanup.h"
#include "uplift.h"

#include <stddef.h>

struct local_clock {
	double *y;  /* [n] the series, on the local clock; NaN: missing */
	size_t n;   /* 1 or more */
	size_t h;   /* steps ahead to forecast on the local clock ... */
	size_t *at; /* [h of the call] ... and which of them is that step ahead in UTC:
		       a skipped one is in none, a repeated one in two */
};

/*
 * Converts s to the clock of its zone, with h >= 1 steps ahead. The caller owns *ret:
 * local_clock_done().
 *
 * Where the clock is set back near the end of the series, some of the time ahead has a
 * local time that has passed: the series ends before that, an hour earlier at most.
 *
 * It is unchanged where the offset does not change, where a change is not a whole number
 * of steps (steps of a day, or of an hour on Lord Howe Island), and where nothing would
 * remain. Cost O(n + h), times the logarithm of the zone's changes.
 */
void local_clock_lay(const struct uplift_series *s, size_t h, struct local_clock *ret);
void local_clock_done(struct local_clock *c);
DEFINE_CLEANUP_OBJECT(struct local_clock, local_clock_done);

#endif
