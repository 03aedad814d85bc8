/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * autoreg.h - a ridge autoregression on chosen lags, run forward step by step.
 *
 *	x[t] = c + sum over k of b[k] x[t - lag[k]] + e
 *
 * Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed.,
 * 9.3 (autoregression); Hoerl and Kennard, Technometrics 12, 1970 (ridge).
 */
#ifndef PREDICTOR_HORIZON_AUTOREG_H
#define PREDICTOR_HORIZON_AUTOREG_H

#include <stdbool.h>
#include <stddef.h>

#define AUTOREG_LAGS 64
#define AUTOREG_FOLDS 4

struct autoreg {
	size_t n_lags;
	size_t lag[AUTOREG_LAGS]; /* ascending, each at least 1 */
	size_t n;                 /* length of the series that was fitted */
	/* [0] learned from all of it; [f] from all but its f-th part, so that its
	   forecast of that part is out of sample. */
	double b[AUTOREG_FOLDS + 1][AUTOREG_LAGS];
	double c[AUTOREG_FOLDS + 1];
};

/* Adds a lag unless it is present or 0, or the list is full. Keeps the order. */
void autoreg_add_lag(struct autoreg *a, size_t lag);

/* Drops lags over max. */
void autoreg_limit(struct autoreg *a, size_t max);

/*
 * Fits all b and c to x [n]. ridge: penalty relative to the mean square of x.
 * False when there are fewer than 2 rows a coefficient or x does not vary.
 * O(n lags^2).
 */
bool autoreg_fit(struct autoreg *a, const double *x, size_t n, double ridge);

/* The fold that did not see step t. */
size_t autoreg_fold(const struct autoreg *a, size_t t);

/*
 * Continues x [n + h]: reads x [0..n), writes x [n..n+h), each within lo and hi.
 * n must be at least the longest lag. O(h lags).
 */
void autoreg_run(const struct autoreg *a, size_t fold, double *x, size_t n, size_t h,
		 double lo, double hi);

#endif
