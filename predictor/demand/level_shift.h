/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level_shift.h - has a level moved away from its season, by far more than it ever does
 * and for long?
 *
 * Page's cumulative sums, one for each side, over the gaps between the level and that of
 * the season, in usual sizes of a gap: a sum grows by what a gap is over SHIFT_ALLOWANCE
 * of them. A shift is found when one has grown by SHIFT_LIMIT sizes a gap for as long as
 * the caller's min_gaps (sooner when it is farther away, not before half of that time),
 * and is over when both are back at nothing.
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
	double usual;      /* slow average of |gap|, as freaks would not have it */
	double half_life;  /* of it, in gaps */
	double limit;      /* of the sums */
	double over[2];    /* the sums: upwards, downwards */
	uint64_t least;    /* gaps that a shift lasts at least before it is called one */
	uint64_t n, since; /* gaps seen; and since one of the sums left nothing */
	double ratio;      /* while it is on: the level over the season's, less 1 */
	bool is_on;
};

/* usual: a first guess of the size of a gap, in the unit of gaps; half_life and min_gaps
 * in gaps. */
void level_shift_init(struct level_shift *s, double usual, double half_life,
		      double min_gaps);

/* Takes the level now and what the season says of it, and the unit that gaps between them
 * are measured in. O(1). */
void level_shift_note(struct level_shift *s, double now, double season, double unit);

#endif
