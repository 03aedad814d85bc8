/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_quantiles.h - quantiles around a forecast, out of its own errors at past origins.
 *
 * An error is decomposed into its usual size at that step ahead, the usual size at that
 * time of the season relative to it, and a shape that is pooled over all.
 */
#ifndef PREDICTOR_HORIZON_ERROR_QUANTILES_H
#define PREDICTOR_HORIZON_ERROR_QUANTILES_H

#include "cleanup.h"

#include <stddef.h>

struct error_quantiles {
	size_t h, season, max, n; /* origins: capacity, and number */
	double *error;            /* [max * h] */
	size_t *at;               /* [max] the origins */
};

/* season in steps, 0: none; max: origins that can be added. */
void error_quantiles_init(struct error_quantiles *s, size_t h, size_t season, size_t max);
void error_quantiles_done(struct error_quantiles *s);
DEFINE_CLEANUP_OBJECT(struct error_quantiles, error_quantiles_done);

/* Adds the actual values [h] and their forecast [h] at origin t. */
void error_quantiles_add(struct error_quantiles *s, size_t t, const double *actual,
			 const double *forecast);

/*
 * The quantiles at levels [n] after origin t, whose forecast is mean [h],
 * each at least floor, into q [n * h]. O(n_origins h log).
 */
void error_quantiles_at(const struct error_quantiles *s, size_t t, const double *mean,
			double floor, const double *levels, size_t n, double *q);

#endif
