/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * correlogram.h - the peaks of an autocorrelation, and which of them show a season.
 */
#ifndef PREDICTOR_HORIZON_CORRELOGRAM_H
#define PREDICTOR_HORIZON_CORRELOGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* A series without the seasons found so far. */
struct correlogram {
	size_t n;
	double *x; /* [n] */
	double *r; /* [n] its autocorrelations */
};

/* The highest peak of the autocorrelation from lag lo to hi; 0: none. */
size_t correlogram_peak(const struct correlogram *v, double lo, double hi);

/* The chance of such a rise in a series that is correlated only over its first lags. */
double correlogram_chance(const struct correlogram *v, size_t k);

bool correlogram_is_season(const struct correlogram *v, size_t k);

/* The height of the peak at k above the slope around it. */
double correlogram_height(const struct correlogram *v, size_t k, size_t reach);

#endif
