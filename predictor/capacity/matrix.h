/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * matrix.h - small symmetric positive definite systems.
 *
 * A matrix that is singular to working precision is an answer here, not an error: GSL's
 * decompositions call the process's error handler for it, which by default aborts.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef PREDICTOR_CAPACITY_MATRIX_H
#define PREDICTOR_CAPACITY_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#define MATRIX_MAX 4

struct matrix {
	double v[MATRIX_MAX][MATRIX_MAX]; /* of which n rows and columns are used */
};

/* L with a = L L', lower left. False: a is not positive definite, or nearly not. */
bool matrix_factor(const struct matrix *a, size_t n, struct matrix *ret);

/* v becomes the x with L x = v, and with L' x = v. */
void matrix_forward(const struct matrix *l, size_t n, double *v);
void matrix_backward(const struct matrix *l, size_t n, double *v);

/* The inverse of a, from its factor. */
void matrix_inverse(const struct matrix *l, size_t n, struct matrix *ret);

/* log |a|, from its factor. */
double matrix_log_determinant(const struct matrix *l, size_t n);

#endif
