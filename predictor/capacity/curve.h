/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curve.h - a curve with up to three parameters through noisy points.
 *
 * Levenberg-Marquardt. Plain, it is weighted least squares, and the covariance that of
 * the weights. Robust, it is reweighted by Tukey's bisquare, so that a tenth of
 * outliers does not move it; how sure it is, is posterior.h's to say.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 *
 * Sources: Marquardt, An algorithm for least-squares estimation of nonlinear parameters,
 * SIAM Journal 11 (1963), 2; Huber and Ronchetti, Robust Statistics, 2nd ed., 7.
 */
#ifndef PREDICTOR_CAPACITY_CURVE_H
#define PREDICTOR_CAPACITY_CURVE_H

#include <stdbool.h>
#include <stddef.h>

#define CURVE_PARAMS 3

struct curve_point {
	double x, y;
	double w; /* weight, > 0 */
};

/* The curve's value at x under the parameters b, and its gradient over them. */
typedef double curve_fn(const double *b, double x, double *gradient);

struct curve {
	double b[CURVE_PARAMS];
	double cov[CURVE_PARAMS][CURVE_PARAMS]; /* plain only */
	double spread; /* of a residual: a robust standard deviation */
};

/*
 * Fits fn to v [n] from the parameters start [p].
 *
 * False when there are no more points than parameters, or none are determined. Cost about
 * 0.05 us a point and step, some 20 steps; allocates for the length of the call only.
 */
bool curve_fit(curve_fn *fn, size_t p, const struct curve_point *v, size_t n,
	       const double *start, bool robust, struct curve *ret);

#endif
