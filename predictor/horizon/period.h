/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * period.h - finds the seasons of a series, and tests them.
 *
 * The lines of the periodogram propose periods, themselves and the multiples that they
 * may be harmonics of; the autocorrelation must have a peak there, well above the troughs
 * beside it and above what a series without that season would show. Of several the
 * shortest that is nearly as strong as the strongest is chosen, its length measured on
 * its multiples; it is removed and the rest is searched again, so that a week is found
 * beside a day. Usual seasons are tried first.
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
	double correlation; /* at that lag, without trend and other seasons */
	double chance;      /* of such a correlation without the season, one-sided */
};

/*
 * Finds at most max seasons of y [n] (no NaN), ascending, into ret; returns how many.
 * A season must fit in at least three times and be 4 steps or more. usual [n_usual]:
 * seasons, such as a day and a week, that replace one within 5 %, unless they only
 * repeat a shorter one, as a day repeats each hour. O(n log n).
 */
size_t period_find(const double *y, size_t n, const size_t *usual, size_t n_usual,
		   struct period *ret, size_t max);

#endif
