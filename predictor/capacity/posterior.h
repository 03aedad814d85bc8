/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * posterior.h - how sure a linear law is when its noise may hang together.
 *
 *	y = g b + level^power sd z
 *
 * z is noise of which a share lasts (its correlation falls to 1/e within a length of
 * time) and the rest is independent from point to point. Neither length, share, power nor
 * sd are known: each combination of a grid is a component, weighted by how well it
 * explains the points (Bayes, flat priors for the first two coefficients and for log sd).
 * So a law through minutes that err alike is as unsure as it should be, and one through
 * minutes that are far apart is not made less sure than it is.
 *
 * The coefficients from the third on have a normal prior around 0 with one of a few
 * deviations: they are what may vary over a day.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 *
 * Sources: Gelman et al., Bayesian Data Analysis, 3rd ed., 14 (regression, unequal
 * variances and correlations); Harvey, Forecasting, Structural Time Series Models and the
 * Kalman Filter, 3.4 (least squares through the filter).
 */
#ifndef PREDICTOR_CAPACITY_POSTERIOR_H
#define PREDICTOR_CAPACITY_POSTERIOR_H

#include "matrix.h"

#define POSTERIOR_PARAMS MATRIX_MAX
#define POSTERIOR_FLAT 2 /* coefficients without a prior */
#define POSTERIOR_PRIORS 3
#define POSTERIOR_COMPONENTS 81 /* 9 noises, 3 powers, as many priors */

struct posterior_point {
	double g[POSTERIOR_PARAMS], y;
	double level;  /* > 0 */
	double minute; /* not before that of the last point */
	double weight; /* > 0: variance of noise is divided by it */
};

struct noise {
	double length; /* minutes; 0: none lasts */
	double share;  /* of the variance that lasts */
	double power, sd;
};

struct posterior_component {
	struct noise noise;
	double weight; /* all together 1 */
	double b[POSTERIOR_PARAMS];
	struct matrix l; /* of the precision in units of 1 / sd^2 */
};

struct posterior {
	size_t p, n;
	double dof;
	struct posterior_component v[POSTERIOR_COMPONENTS];
};

/* A normal prior's deviation, and how probable it is beforehand. */
struct posterior_prior {
	double sd, weight;
};

struct posterior_priors {
	struct posterior_prior v[POSTERIOR_PRIORS];
	size_t n;
};

/*
 * Of p coefficients through v [n], in the order of time; only: that noise alone, or NULL.
 * False when there are no more points than coefficients, or these are not determined.
 * About 1.5 us a point; allocates for the length of the call only.
 */
bool posterior_fit(const struct posterior_point *v, size_t n, size_t p,
		   const struct posterior_priors *priors, const struct noise *only,
		   struct posterior *ret);

/* The component that explains the points best. */
const struct posterior_component *posterior_best(const struct posterior *q);

/* The k-th of as many draws as one likes, ret [p]; always the same. */
void posterior_draw(const struct posterior *q, size_t k, double *ret);

#endif
