/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ridge.h - linear regression with forgetting, learned one observation at a time.
 *
 * Keeps the exponentially forgotten sums X'WX and X'Wy; solves them now and then for the
 * coefficients. The penalty is that of `prior` pseudo-observations of b0, each
 * feature in its own unit, so the answer does not depend on the units of features or
 * target, and against the observations in which the feature was not 0.
 *
 * Sources: Ljung, System Identification, 2nd ed., section 11.2 (forgetting); Hoerl and
 * Kennard, Ridge Regression, Technometrics 12, 1970.
 */
#ifndef PREDICTOR_DEMAND_RIDGE_H
#define PREDICTOR_DEMAND_RIDGE_H

#include <stddef.h>

#define RIDGE_MAX 24

/* One block of ridge_size() bytes, to be copied and kept as it is. */
struct ridge {
	size_t p;      /* features, at most RIDGE_MAX */
	double grow;   /* weight of an observation over that of the one before */
	double weight; /* of the next observation */
	double total;  /* sum of weights */
	double prior;  /* pseudo-observations behind the penalty */
	double v[];    /* by the functions below */
};

size_t ridge_size(size_t p); /* bytes; a multiple of 8 */

/* Coefficients [p]. */
static inline double *ridge_b(struct ridge *r)
{
	return r->v;
}

/* What the penalty pulls them to [p]; set before use. */
static inline double *ridge_b0(struct ridge *r)
{
	return r->v + r->p;
}

/* No observation yet: b and b0 are 0. half_life in observations. */
void ridge_init(struct ridge *r, size_t p, double half_life, double prior);

/* Lets one step pass and learns x [p] -> y with weight w (0 allowed). O(p^2). */
void ridge_add(struct ridge *r, const float *x, double y, double w);

/* Solves for the coefficients; keeps the old ones when the sums are singular. O(p^3). */
void ridge_solve(struct ridge *r);

/* x'b. O(p). */
double ridge_predict(const struct ridge *r, const float *x);

#endif
