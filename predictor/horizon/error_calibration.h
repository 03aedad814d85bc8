/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_calibration.h - how much wider or narrower the 95 % band is made, so that it
 * holds 95 of 100 of the series' own latest errors at that distance.
 *
 * For each octave of steps ahead, past origins are walked through in order of time. The
 * factor at one is a quantile of those that errors known then would have needed, recent
 * ones more; its level goes up after a band that missed too much, and down after one that
 * held too much (adaptive conformal inference). Some pseudo-errors as a normal would have
 * them, and a level that is higher for few independent errors, keep it from following
 * chance. Far ahead, where errors are few, the level is not moved.
 *
 * What the bands of that walk held is told beside the factor. A level that is learned as
 * late as an outcome is known cannot foresee the first break of a habit.
 *
 * Sources: Gibbs and Candes, Adaptive conformal inference under distribution shift,
 * NeurIPS 2021; Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
 */
#ifndef PREDICTOR_HORIZON_ERROR_CALIBRATION_H
#define PREDICTOR_HORIZON_ERROR_CALIBRATION_H

#include "error_quantiles.h"
#include "error_sizes.h"

/* A 95 % band as the errors of the past alone give it. */
struct error_band {
	const struct error_sizes *by;
	const double *widening;   /* [h] of its ends; see error_tails.h */
	double low, middle, high; /* quantiles of the errors' shapes */
};

/* Steps that recent errors are counted by: a season, or less in a short series.
 * n: steps of the series. */
size_t error_unit(size_t season, size_t n);

/*
 * At step t, the end of the series:
 *   factor  [h] of the distance of the band's ends from its middle
 *   held    [h] share of past values so many steps ahead that such bands held; NaN: too
 *           few of them
 * O(h + origins) for each octave, with a constant of some hundreds.
 */
void error_calibrate(const struct error_quantiles *s, size_t t,
		     const struct error_band *b, double *factor, double *held);

/* The factor of a quantile that a normal has at x: wider tails leave the middle. */
double error_calibrated(double factor, double x);

#endif
