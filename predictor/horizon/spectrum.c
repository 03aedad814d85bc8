/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spectrum.h"

#include "check.h"
#include "cleanup.h"

#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <math.h>
#include <string.h>

/* Squared size of the transform of x [n], padded with zeros to size, into p [size / 2 +
 * 1]; f [size] is left as the transform of that: the autocovariances. */
static void spectrum(const double *x, size_t n, size_t size, double *f, double *p)
{
	memset(f, 0, size * sizeof(*f));
	memcpy(f, x, n * sizeof(*f));
	gsl_fft_real_radix2_transform(f, 1, size);
	p[0] = f[0] = f[0] * f[0];
	p[size / 2] = f[size / 2] = f[size / 2] * f[size / 2];
	for (size_t k = 1; k < size / 2; k++) {
		p[k] = f[k] * f[k] + f[size - k] * f[size - k];
		f[k] = p[k];
		f[size - k] = 0;
	}
	gsl_fft_halfcomplex_radix2_inverse(f, 1, size);
}

void autocorrelations(const double *x, size_t n, size_t size, double *r, double *p)
{
	CLEANUP(free) double *f = xcalloc(size, sizeof(*f));
	CLEANUP(free) double *w = xcalloc(n, sizeof(*w));

	spectrum(x, n, size, f, p);
	for (size_t k = 0; k < n; k++)
		r[k] = f[0] > 0 ? f[k] / f[0] * (double)n / (double)(n - k) : 0;
	for (size_t k = 0; k < n; k++)
		w[k] = x[k] * (0.5 - 0.5 * cos(2 * M_PI * (double)k / (double)n));
	spectrum(w, n, size, f, p);
}
