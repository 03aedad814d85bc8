/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "matrix.h"

#include <math.h>

#define SINGULAR 1e-13 /* of a diagonal element that is left, whatever its unit */

bool matrix_factor(const struct matrix *a, size_t n, struct matrix *ret)
{
	*ret = (struct matrix){ 0 };
	for (size_t j = 0; j < n; j++) {
		double d = a->v[j][j];

		for (size_t k = 0; k < j; k++)
			d -= ret->v[j][k] * ret->v[j][k];
		if (!(d > SINGULAR * a->v[j][j]) || !isfinite(d))
			return false;
		ret->v[j][j] = sqrt(d);
		for (size_t i = j + 1; i < n; i++) {
			double s = a->v[i][j];

			for (size_t k = 0; k < j; k++)
				s -= ret->v[i][k] * ret->v[j][k];
			ret->v[i][j] = s / ret->v[j][j];
		}
	}
	return true;
}

void matrix_forward(const struct matrix *l, size_t n, double *v)
{
	for (size_t i = 0; i < n; i++) {
		double s = v[i];

		for (size_t k = 0; k < i; k++)
			s -= l->v[i][k] * v[k];
		v[i] = s / l->v[i][i];
	}
}

void matrix_backward(const struct matrix *l, size_t n, double *v)
{
	for (size_t done = 0; done < n; done++) {
		const size_t i = n - 1 - done;

		v[i] /= l->v[i][i];
		for (size_t k = 0; k < i; k++)
			v[k] -= l->v[i][k] * v[i];
	}
}

void matrix_inverse(const struct matrix *l, size_t n, struct matrix *ret)
{
	for (size_t j = 0; j < n; j++) {
		double column[MATRIX_MAX] = { 0 };

		column[j] = 1;
		matrix_forward(l, n, column);
		matrix_backward(l, n, column);
		for (size_t i = 0; i < n; i++)
			ret->v[i][j] = column[i];
	}
}

double matrix_log_determinant(const struct matrix *l, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += 2 * log(l->v[i][i]);
	return s;
}
