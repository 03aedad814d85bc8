/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_tails.h - how much heavier the tails of errors to come are than those of few past
 * ones.
 */
#ifndef PREDICTOR_HORIZON_ERROR_TAILS_H
#define PREDICTOR_HORIZON_ERROR_TAILS_H

#include "error_quantiles.h"

/* [h] How many errors at each step ahead are independent, at least one. */
void error_independent(const struct error_quantiles *s, double *errors);

/* How much farther from the middle a quantile is than that many past errors say, which a
 * normal has at x. */
double error_widening(double x, double errors);

#endif
