/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curve.h - a curve with up to three parameters through noisy points, and how sure it is.
 *
 * Levenberg-Marquardt. Plain, it is weighted least squares, and the covariance that of
 * the weights. Robust, it is reweighted by Tukey's bisquare, so that a tenth of
 * outliers does not move it, and the covariance is the sandwich form, which needs no
 * equal variances, made wider by the correlation of one residual with the next.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 *
 * Sources: GSL manual, Nonlinear Least-Squares Fitting; Huber and Ronchetti, Robust
 * Statistics, 2nd ed., 7.6 (the covariance of an M-estimate); Bartlett, On the
 * theoretical specification and sampling properties of autocorrelated time-series, JRSS
 * Supplement 8, 1946.
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
	size_t p, n;
	double b[CURVE_PARAMS];
	double cov[CURVE_PARAMS][CURVE_PARAMS];
	double spread;     /* of a residual: a robust standard deviation */
	double dependence; /* how many residuals in a row tell as much as one: 1 or more,
			      as far as a robust fit sees it */
};

/*
 * Fits fn to v [n], in the order of time, from the parameters start [p].
 *
 * False when there are no more points than parameters, or none are determined. Cost about
 * 0.1 us a point and step, some 20 steps; allocates for the length of the call only.
 */
bool curve_fit(curve_fn *fn, size_t p, const struct curve_point *v, size_t n,
	       const double *start, bool robust, struct curve *ret);

/* The standard deviation of a function of the parameters with that gradient [p]. */
double curve_deviation(const struct curve *c, const double *gradient);

#endif
