/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autoreg.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

void autoreg_add_lag(struct autoreg *a, size_t lag)
{
	size_t at = 0;

	while (at < a->n_lags && a->lag[at] < lag)
		at++;
	if (lag == 0 || a->n_lags == AUTOREG_LAGS ||
	    (at < a->n_lags && a->lag[at] == lag))
		return;
	memmove(a->lag + at + 1, a->lag + at, (a->n_lags - at) * sizeof(*a->lag));
	a->lag[at] = lag;
	a->n_lags++;
}

void autoreg_limit(struct autoreg *a, size_t max)
{
	while (a->n_lags > 0 && a->lag[a->n_lags - 1] > max)
		a->n_lags--;
}

static double mean_of(const double *x, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += x[i];
	return s / (double)n;
}

struct sums {
	double xx[AUTOREG_LAGS * AUTOREG_LAGS]; /* lower triangle */
	double xy[AUTOREG_LAGS];
};

/* Sums of products over the rows t = from..to-1, of x less its mean. */
static void add_rows(const struct autoreg *a, const double *x, size_t from, size_t to,
		     double mean, struct sums *s)
{
	const size_t p = a->n_lags;
	double v[AUTOREG_LAGS];

	for (size_t t = from; t < to; t++) {
		const double y = x[t] - mean;

		for (size_t i = 0; i < p; i++)
			v[i] = x[t - a->lag[i]] - mean;
		for (size_t i = 0; i < p; i++) {
			double *row = s->xx + i * p;

			s->xy[i] += v[i] * y;
			for (size_t j = 0; j <= i; j++)
				row[j] += v[i] * v[j];
		}
	}
}

/* all less part; part NULL: all. */
static bool solve(const struct autoreg *a, const struct sums *all,
		  const struct sums *part, double penalty, double *b)
{
	const size_t p = a->n_lags;
	double xx[AUTOREG_LAGS * AUTOREG_LAGS];

	for (size_t i = 0; i < p; i++) {
		for (size_t j = 0; j <= i; j++) {
			const size_t k = i * p + j;

			xx[k] = xx[j * p + i] = all->xx[k] - (part ? part->xx[k] : 0);
		}
		xx[i * p + i] += penalty;
		b[i] = all->xy[i] - (part ? part->xy[i] : 0);
	}

	gsl_matrix_view m = gsl_matrix_view_array(xx, p, p);
	gsl_vector_view v = gsl_vector_view_array(b, p);

	return gsl_linalg_cholesky_decomp1(&m.matrix) == GSL_SUCCESS &&
	       gsl_linalg_cholesky_svx(&m.matrix, &v.vector) == GSL_SUCCESS;
}

static size_t fold_start(const struct autoreg *a, size_t f)
{
	const size_t first = a->lag[a->n_lags - 1];

	return first + (a->n - first) * f / AUTOREG_FOLDS;
}

bool autoreg_fit(struct autoreg *a, const double *x, size_t n, double ridge)
{
	const size_t p = a->n_lags;
	const double mean = mean_of(x, n);
	struct sums part[AUTOREG_FOLDS], all;
	double trace = 0;

	if (p == 0 || n < a->lag[p - 1] + 2 * p)
		return false;
	a->n = n;
	memset(part, 0, sizeof(part));
	memset(&all, 0, sizeof(all));
	for (size_t f = 0; f < AUTOREG_FOLDS; f++) {
		add_rows(a, x, fold_start(a, f), fold_start(a, f + 1), mean, part + f);
		for (size_t k = 0; k < p * p; k++)
			all.xx[k] += part[f].xx[k];
		for (size_t k = 0; k < p; k++)
			all.xy[k] += part[f].xy[k];
	}
	for (size_t i = 0; i < p; i++)
		trace += all.xx[i * p + i];
	if (!(trace > 0))
		return false;
	for (size_t f = 0; f <= AUTOREG_FOLDS; f++) {
		double total = 0;

		if (!solve(a, &all, f ? part + f - 1 : NULL, ridge * trace / (double)p,
			   a->b[f]))
			return false;
		for (size_t i = 0; i < p; i++)
			total += a->b[f][i];
		a->c[f] = mean * (1 - total);
	}
	return true;
}

size_t autoreg_fold(const struct autoreg *a, size_t t)
{
	for (size_t f = AUTOREG_FOLDS; f > 1; f--)
		if (t >= fold_start(a, f - 1))
			return f;
	return 1;
}

void autoreg_run(const struct autoreg *a, size_t fold, double *x, size_t n, size_t h,
		 double lo, double hi)
{
	const double *b = a->b[fold];

	for (size_t t = n; t < n + h; t++) {
		double s = a->c[fold];

		for (size_t i = 0; i < a->n_lags; i++)
			s += b[i] * x[t - a->lag[i]];
		x[t] = s < lo ? lo : s > hi ? hi : s;
	}
}
