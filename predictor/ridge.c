/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ridge.h"

#include "check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

void ridge_init(struct ridge *r, size_t p, double half_life, double prior)
{
	CHECK(p <= RIDGE_MAX);
	memset(r, 0, sizeof(*r));
	r->p = p;
	r->grow = exp2(1.0 / half_life);
	r->weight = 1.0;
	r->prior = prior;
}

void ridge_add(struct ridge *r, const double *x, double y, double w)
{
	double *sum = r->xx;

	w *= r->weight;
	r->weight *= r->grow;
	if (w <= 0)
		return;
	r->total += w;
	for (size_t i = 0; i < r->p; i++) {
		const double wx = w * x[i];

		r->xy[i] += wx * y;
		for (size_t j = 0; j <= i; j++)
			sum[j] += wx * x[j];
		sum += i + 1;
	}
}

void ridge_forget(struct ridge *r, double keep)
{
	for (size_t i = 0; i < r->p; i++)
		r->xy[i] *= keep;
	for (size_t i = 0; i < RIDGE_SUMS; i++)
		r->xx[i] *= keep;
	r->total *= keep;
}

void ridge_solve(struct ridge *r)
{
	const size_t p = r->p;
	double a[RIDGE_MAX * RIDGE_MAX], b[RIDGE_MAX], unit[RIDGE_MAX];
	const double *sum = r->xx;

	/* Weights grow instead of the sums shrinking; bring both back before they
	 * overflow. */
	if (r->weight > 1e6) {
		ridge_forget(r, 1.0 / r->weight);
		r->weight = 1.0;
	}
	if (r->total <= 0)
		return;

	const double pull = r->prior * r->weight / r->total;

	for (size_t i = 0; i < p; i++) {
		unit[i] = sum[i] > 0 ? 1.0 / sqrt(sum[i]) : 0.0;
		for (size_t j = 0; j < i; j++)
			a[i * p + j] = a[j * p + i] = sum[j] * unit[i] * unit[j];
		a[i * p + i] = 1.0 + pull;
		b[i] = r->xy[i] * unit[i] + (unit[i] > 0 ? pull * r->b0[i] / unit[i] : 0);
		sum += i + 1;
	}

	gsl_matrix_view av = gsl_matrix_view_array(a, p, p);
	gsl_vector_view bv = gsl_vector_view_array(b, p);

	if (gsl_linalg_cholesky_decomp1(&av.matrix) != GSL_SUCCESS ||
	    gsl_linalg_cholesky_svx(&av.matrix, &bv.vector) != GSL_SUCCESS)
		return;
	for (size_t i = 0; i < p; i++)
		r->b[i] = unit[i] > 0 ? b[i] * unit[i] : r->b0[i];
}

double ridge_predict(const struct ridge *r, const double *x)
{
	double s = 0;

	for (size_t i = 0; i < r->p; i++)
		s += r->b[i] * x[i];
	return s;
}
