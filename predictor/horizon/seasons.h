/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seasons.h - the seasons of a series, and those that a forecast uses.
 */
#ifndef PREDICTOR_HORIZON_SEASONS_H
#define PREDICTOR_HORIZON_SEASONS_H

#include "forecast.h"
#include "period.h"

#include <stdint.h>

/*
 * Finds the seasons of y [n] (NaN: missing) in steps of step_ms: a day and a week before
 * others, see period.h. ret [HORIZON_SEASONS], ascending; returns how many.
 * Cost O(n log n).
 */
size_t seasons_find(const double *y, size_t n, int64_t step_ms, struct period *ret);

/*
 * Which of those found in a series of n steps are for horizon_opts: the clearest, and one
 * that is a multiple of it; a day with three weeks of data has the week as well.
 */
void seasons_choose(const struct period *found, size_t n_found, size_t n, int64_t step_ms,
		    size_t ret[HORIZON_SEASONS]);

#endif
