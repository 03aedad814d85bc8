/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gaps.h - a series without its gaps.
 */
#ifndef PREDICTOR_HORIZON_GAPS_H
#define PREDICTOR_HORIZON_GAPS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies y [n] to out [n] with each NaN on the straight line between its neighbours, or
 * equal to the nearest value at the ends. False, and out untouched, when there is no
 * value at all.
 */
bool gaps_fill(double *out, const double *y, size_t n);

#endif
