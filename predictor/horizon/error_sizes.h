/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_sizes.h - what errors are divided by, and what those to come are multiplied by.
 */
#ifndef PREDICTOR_HORIZON_ERROR_SIZES_H
#define PREDICTOR_HORIZON_ERROR_SIZES_H

#include "error_quantiles.h"

struct error_sizes {
	double *ahead;  /* [h] usual at that step ahead */
	double *season; /* [season or 1] relative to it, at that time of the season */
	double *recent; /* [h] lately, relative to both */
};

/* Of the errors that are known at step t; one origin at least must have all of h
 * known. O(n_origins h). */
void error_sizes_init(struct error_sizes *z, const struct error_quantiles *s, size_t t);
void error_sizes_done(struct error_sizes *z);
DEFINE_CLEANUP_OBJECT(struct error_sizes, error_sizes_done);

/* The error of origin i, j steps ahead, over its usual size. */
double error_shape(const struct error_quantiles *s, const struct error_sizes *z, size_t i,
		   size_t j);

/* The steps that the errors are of. */
size_t error_span(const struct error_quantiles *s);

#endif
