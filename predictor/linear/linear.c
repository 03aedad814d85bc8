/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linear.h"

#include "check.h"

#include <gsl/gsl_linalg.h>
#include <math.h>

bool linear_solve(double *a, double *b, size_t p)
{
	size_t order[LINEAR_MAX];
	gsl_permutation moved = { .size = p, .data = order };

	CHECK(p <= LINEAR_MAX);
	if (p == 0)
		return true;

	gsl_matrix_view av = gsl_matrix_view_array(a, p, p);
	gsl_vector_view bv = gsl_vector_view_array(b, p);

	(void)gsl_linalg_pcholesky_decomp(&av.matrix, &moved);
	for (size_t i = 0; i < p; i++)
		if (!(a[i * p + i] > 0 && isfinite(a[i * p + i])))
			return false;
	(void)gsl_linalg_pcholesky_svx(&av.matrix, &moved, &bv.vector);
	for (size_t i = 0; i < p; i++)
		if (!isfinite(b[i]))
			return false;
	return true;
}
