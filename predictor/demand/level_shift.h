/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level_shift.h - detects that a level has moved away from its season, by far more than
 * usual and for long.
 *
 * Page's cumulative sums, one for each side, over the gaps between the level and that of
 * the season, in units of the usual gap: a sum grows by the excess of a gap over
 * SHIFT_ALLOWANCE. A shift is detected when one has grown by SHIFT_LIMIT per gap for
 * min_gaps (sooner when the level is farther away, but not before half of them), and is
 * over when both are back at zero.
 *
 * Source: Page, Continuous Inspection Schemes, Biometrika 41, 1954.
 */
#ifndef PREDICTOR_DEMAND_LEVEL_SHIFT_H
#define PREDICTOR_DEMAND_LEVEL_SHIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIFT_ALLOWANCE 3.0
#define SHIFT_LIMIT 3.0

struct level_shift {
	double usual;      /* slow average of |gap|, robust to outliers */
	double half_life;  /* of usual, in gaps */
	double limit;      /* of the sums */
	double over[2];    /* the sums: upwards, downwards */
	uint64_t least;    /* least duration of a shift, in gaps */
	uint64_t n, since; /* gaps noted; and those since a sum left zero */
	double ratio;      /* while it is on: the level over the season's, less 1 */
	bool is_on;
};

/* usual: a first estimate of the size of a gap; half_life and min_gaps in gaps. */
void level_shift_init(struct level_shift *s, double usual, double half_life,
		      double min_gaps);

/* Notes the level now, the level expected from the season, and the unit of the gaps
 * between them. O(1). */
void level_shift_note(struct level_shift *s, double now, double season, double unit);

#endif
