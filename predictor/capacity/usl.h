/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usl.h - the universal scalability law: what n instances serve together.
 *
 *	X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1))
 *
 * lambda is what one alone serves, sigma the share of work that waits for the others
 * (contention), kappa the price of agreeing with each of them (coherency); neither is
 * below 0.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 *
 * Source: Gunther, Guerrilla Capacity Planning, Springer 2007, ch. 4 to 6.
 */
#ifndef PREDICTOR_CAPACITY_USL_H
#define PREDICTOR_CAPACITY_USL_H

#include <stdbool.h>
#include <stddef.h>

struct usl {
	double lambda, sigma, kappa;
	double cov[3][3]; /* of the three; a coefficient that ended at 0 has none */
	double chi2;      /* sum of squares of the weighted residuals */
};

/*
 * Fits the law by weighted least squares.
 *
 *   n   [m] instances, at least 1
 *   x   [m] served by all of them together, any unit
 *   sd  [m] standard deviation of x, > 0; NULL: all alike, found from the residuals
 *
 * False when m < 4 or nothing is determined. Cost O(m); allocates for the call only.
 */
bool usl_fit(const double *n, const double *x, const double *sd, size_t m,
	     struct usl *ret);

/* X(n), and its standard deviation where that is wanted. */
double usl_throughput(const struct usl *u, double n, double *ret_sd);

#endif
