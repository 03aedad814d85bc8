/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spectrum.h - the autocorrelations and the periodogram of a series.
 */
#ifndef PREDICTOR_HORIZON_SPECTRUM_H
#define PREDICTOR_HORIZON_SPECTRUM_H

#include <stddef.h>

/*
 * Autocorrelations r [n] of x, and the periodogram p [size / 2 + 1] of x under a Hann
 * window, so that a strong line does not leak into its neighbours.
 */
void autocorrelations(const double *x, size_t n, size_t size, double *r, double *p);

#endif
