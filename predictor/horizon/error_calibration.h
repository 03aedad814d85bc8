/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_calibration.h - how much wider bands would have had to be in the past.
 *
 * At past origins the 95 % band is made again from what was known of the errors then, and
 * compared with the errors that came. How much wider it would have had to be to hold
 * enough of them, recent origins more, is what those to come are widened by: a series
 * whose errors grow is thus noticed by itself. It is done for the first quarter of a
 * season, of which a past has many origins that are independent; beyond, it changed no
 * coverage and made other series' bands worse. Nothing is made narrower: past errors are
 * of a forecast that was fitted to the rest of the series, and smaller than those to
 * come.
 *
 * Sources: Gibbs and Candes, Adaptive conformal inference under distribution shift,
 * NeurIPS 2021; Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
 */
#ifndef PREDICTOR_HORIZON_ERROR_CALIBRATION_H
#define PREDICTOR_HORIZON_ERROR_CALIBRATION_H

#include "error_quantiles.h"

#define CALIBRATED_PART 4 /* of a season: a quarter of it */

/*
 * ret [h]: the factor of the distance of the 95 % band's ends from the middle, 1 or more.
 *   shapes  [count] of the errors (error_sizes.h), ascending
 * O(n_origins^2 h).
 */
void error_calibrate(const struct error_quantiles *s, size_t t, const double *shapes,
		     size_t count, double *ret);

/* The factor of a quantile that a normal has at x: the middle ones hardly move. */
double error_calibrated(double factor, double x);

#endif
