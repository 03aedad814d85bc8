/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local_clock.h - a series in UTC laid on the clock of a zone, where a day is a day.
 *
 * What people do follows their clock: over a change to or from daylight saving a series
 * in UTC moves against its day. On the local clock an hour that is skipped is missing,
 * and one that comes twice is the mean of both.
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
	size_t h;   /* steps ahead that are to be told on the local clock ... */
	size_t *at; /* [h of the call] ... and which of them is that step ahead in UTC:
		       one that is skipped is in none, one that comes twice in two */
};

/*
 * Lays s on the clock of its zone, with h >= 1 steps ahead. The caller owns *ret:
 * local_clock_done().
 *
 * Where the clock is put back near the end of the series, some of the time ahead has a
 * local time that has been: the series ends before that, an hour earlier at most.
 *
 * It is left as it is where the offset does not change, where a change is no whole number
 * of steps (steps of a day, or of an hour on Lord Howe Island), and where nothing would
 * be left of it. Cost O(n + h), times the logarithm of the zone's changes.
 */
void local_clock_lay(const struct uplift_series *s, size_t h, struct local_clock *ret);
void local_clock_done(struct local_clock *c);
DEFINE_CLEANUP_OBJECT(struct local_clock, local_clock_done);

#endif
