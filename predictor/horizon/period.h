/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * period.h - the seasons of a series, found and tested.
 *
 * The lines of the periodogram propose periods, themselves and the multiples that they
 * may be harmonics of; the autocorrelation must have a hill there, well above the valleys
 * beside it and above what a series without that season would show. Of several the
 * shortest that is nearly as strong as the strongest is taken, its length measured on its
 * multiples; it is taken out and the rest is asked again, so that a week is found beside
 * a day. Usual seasons are asked for first.
 *
 * Sources: Vlachos, Yu and Castelli, On periodicity detection and structural periodic
 * similarity, SIAM SDM 2005; Bartlett, On the theoretical specification and sampling
 * properties of autocorrelated time-series, JRSS Supplement 8, 1946 (the variance of
 * an autocorrelation).
 */
#ifndef PREDICTOR_HORIZON_PERIOD_H
#define PREDICTOR_HORIZON_PERIOD_H

#include <stddef.h>

struct period {
	size_t steps;
	double correlation; /* of values that far apart, trend and other seasons aside */
	double chance;      /* of seeing as much without the season, one-sided */
};

/*
 * Finds at most max seasons of y [n] (no NaN), ascending, into ret; returns how many.
 * A season must fit in at least three times and be 4 steps or more. usual [n_usual]:
 * seasons, such as a day and a week, that one within 5 % is taken for, unless it only
 * repeats a shorter one, as a day repeats each hour. O(n log n).
 */
size_t period_find(const double *y, size_t n, const size_t *usual, size_t n_usual,
		   struct period *ret, size_t max);

#endif
