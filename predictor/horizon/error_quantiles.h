/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_quantiles.h - quantiles around a forecast, out of its own errors at past origins.
 *
 * An error is decomposed into its usual size at that step ahead, the usual size at that
 * time of the season relative to it, and a shape that is pooled over all. The size ahead
 * follows that of the latest errors. Few seasons of errors tell the size of those to come
 * only roughly, so the tails of the shape are made those of Student's t over a normal's.
 * What such bands held of the latest errors makes them wider or narrower
 * (error_calibration.h).
 *
 * Sources: Geisser, Predictive Inference, 1993 (a size that is estimated gives a t);
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5 (its quantiles).
 */
#ifndef PREDICTOR_HORIZON_ERROR_QUANTILES_H
#define PREDICTOR_HORIZON_ERROR_QUANTILES_H

#include "cleanup.h"

#include <stddef.h>

struct error_quantiles {
	size_t h, season, max, n; /* origins: capacity, and number; season 0: none */
	double *error;            /* [max * h] */
	size_t *at;               /* [max] the origins */
	size_t *known, *reach;    /* [max] steps that are known and were forecast, of h */
};

/* season in steps, 0: none; max: origins that can be added. */
void error_quantiles_init(struct error_quantiles *s, size_t h, size_t season, size_t max);
void error_quantiles_done(struct error_quantiles *s);
DEFINE_CLEANUP_OBJECT(struct error_quantiles, error_quantiles_done);

/* Adds the actual values [known] after origin t and their forecast, which was made for
 * reach steps; known: 1 to reach, reach: to h. */
void error_quantiles_add(struct error_quantiles *s, size_t t, const double *actual,
			 const double *forecast, size_t known, size_t reach);

/*
 * The quantiles at levels [n] after t, the end of the series, whose forecast is mean [h],
 * each at least floor, into q [n * h]. One origin at least must have all of h known.
 * held [h]: see error_calibrate(). O(n_origins h log).
 */
void error_quantiles_at(const struct error_quantiles *s, size_t t, const double *mean,
			double floor, const double *levels, size_t n, double *q,
			double *held);

#endif
