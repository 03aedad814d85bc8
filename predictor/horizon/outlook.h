/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outlook.h - the forecast of a series in time: forecast.h, with the seasons found in the
 * series (seasons.h), on the clock of its zone (local_clock.h). A series without a daily
 * season, such as of a job every 90 minutes, stays in UTC.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef PREDICTOR_HORIZON_OUTLOOK_H
#define PREDICTOR_HORIZON_OUTLOOK_H

#include "seasons.h"
#include "uplift.h"

#include <stdbool.h>

struct outlook {
	struct horizon *f; /* [h] steps from the end of the series on, in UTC */
	struct period seasons[HORIZON_SEASONS]; /* found, ascending, in steps */
	size_t n_seasons;
	bool assumes_day; /* none was found, with less than the three days that could
			     show a day */
};

/* What the 95 % band held of past values so far ahead. */
struct outlook_held {
	int64_t ahead_ms;
	double share;
};

#define OUTLOOK_HELD 4

/* An hour, 6 hours, a day and 3 days ahead, as far as o goes; returns how many. A share
 * is NaN where that many steps fit less than six times into the past forecasts. */
size_t outlook_held(const struct outlook *o, int64_t step_ms,
		    struct outlook_held ret[OUTLOOK_HELD]);

/*
 *   s       at least one value that is not NaN, none infinite; the effect of events is
 *           removed
 *   h       steps ahead, 1 to HORIZON_STEPS less the steps of a change of the clock
 *   levels  [n_levels] of the quantiles, ascending, 0..1
 *
 * The caller owns *ret: outlook_done(). ERR_INVAL as horizon_forecast(). Cost as
 * horizon_forecast(), and O(n log n) for the seasons: 0.2 s for 28 days of 5 minutes and
 * 14 days ahead.
 */
int outlook_make(const struct uplift_series *s, size_t h, const double *levels,
		 size_t n_levels, struct outlook *ret, struct err *err) MUST_CHECK;
void outlook_done(struct outlook *o);
DEFINE_CLEANUP_OBJECT(struct outlook, outlook_done);

#endif
