/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * linear.h - linear equations with a symmetric positive definite matrix.
 *
 * By the pivoted Cholesky decomposition L D L' (Golub and Van Loan, Matrix Computations,
 * 4th ed., 4.2.8), which GSL carries out on any matrix: its error handler, that of the
 * process, is never called, and the answer is in D.
 *
 * Pure; safe from any thread.
 */
#ifndef PREDICTOR_LINEAR_LINEAR_H
#define PREDICTOR_LINEAR_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#define LINEAR_MAX 64

/*
 * Solves a x = b: x into b [p], p up to LINEAR_MAX. a [p * p]: its lower triangle is
 * read, and all of it destroyed. false, with b undefined, when a is not positive
 * definite or the answer is not finite. O(p^3).
 */
bool linear_solve(double *a, double *b, size_t p);

#endif
