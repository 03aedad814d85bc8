/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "usl.h"

#include "check.h"
#include "cleanup.h"
#include "curve.h"

#include <math.h>
#include <stdlib.h>

enum { LAMBDA, SIGMA, KAPPA, N_COEFFICIENTS };

static double law(const double *b, double n, double *gradient)
{
	const double slow = 1 + b[SIGMA] * (n - 1) + b[KAPPA] * n * (n - 1);
	const double x = b[LAMBDA] * n / slow;

	gradient[LAMBDA] = n / slow;
	gradient[SIGMA] = -x * (n - 1) / slow;
	gradient[KAPPA] = -x * n * (n - 1) / slow;
	return x;
}

/* The law with one of the two at 0, and with both. */
static double law_of_contention(const double *b, double n, double *gradient)
{
	double g[N_COEFFICIENTS];
	const double x = law((const double[]){ b[0], b[1], 0 }, n, g);

	gradient[0] = g[LAMBDA];
	gradient[1] = g[SIGMA];
	return x;
}

static double law_of_coherency(const double *b, double n, double *gradient)
{
	double g[N_COEFFICIENTS];
	const double x = law((const double[]){ b[0], 0, b[1] }, n, g);

	gradient[0] = g[LAMBDA];
	gradient[1] = g[KAPPA];
	return x;
}

static double law_of_nothing(const double *b, double n, double *gradient)
{
	gradient[0] = n;
	return b[0] * n;
}

static const struct form {
	curve_fn *fn;
	size_t p;
	int is[N_COEFFICIENTS]; /* which coefficient each parameter is */
} forms[] = {
	{ law, 3, { LAMBDA, SIGMA, KAPPA } },
	{ law_of_contention, 2, { LAMBDA, SIGMA } },
	{ law_of_coherency, 2, { LAMBDA, KAPPA } },
	{ law_of_nothing, 1, { LAMBDA } },
};

static double chi2_of(const struct usl *u, const struct curve_point *v, size_t m)
{
	double sum = 0;

	for (size_t i = 0; i < m; i++) {
		const double e = v[i].y - usl_throughput(u, v[i].x, NULL);

		sum += v[i].w * e * e;
	}
	return sum;
}

static bool fit_form(const struct form *f, const struct curve_point *v, size_t m,
		     double lambda, struct usl *ret)
{
	static const double first[N_COEFFICIENTS] = { 0, 0.02, 1e-4 };
	double start[N_COEFFICIENTS] = { lambda }, b[N_COEFFICIENTS] = { 0 };
	struct curve c;

	for (size_t k = 1; k < f->p; k++)
		start[k] = first[f->is[k]];
	if (!curve_fit(f->fn, f->p, v, m, start, false, &c))
		return false;
	*ret = (struct usl){ 0 };
	for (size_t j = 0; j < f->p; j++) {
		b[f->is[j]] = c.b[j];
		for (size_t k = 0; k < f->p; k++)
			ret->cov[f->is[j]][f->is[k]] = c.cov[j][k];
	}
	ret->lambda = b[LAMBDA];
	ret->sigma = b[SIGMA];
	ret->kappa = b[KAPPA];
	ret->chi2 = chi2_of(ret, v, m);
	return b[LAMBDA] > 0 && b[SIGMA] >= 0 && b[KAPPA] >= 0;
}

/* Where the deviations are given, luck makes no law surer than they are. */
static void widen(struct usl *u, double dof)
{
	for (size_t j = 0; j < N_COEFFICIENTS; j++)
		for (size_t k = 0; k < N_COEFFICIENTS; k++)
			u->cov[j][k] *= fmax(1, dof / u->chi2);
}

bool usl_fit(const double *n, const double *x, const double *sd, size_t m,
	     struct usl *ret)
{
	CLEANUP(free) struct curve_point *v = xcalloc(m + 1, sizeof(*v));
	struct usl u;
	double lambda = 0;
	size_t p = 0;
	bool is_found = false;

	if (m <= N_COEFFICIENTS)
		return false;
	for (size_t i = 0; i < m; i++) {
		v[i] = (struct curve_point){ n[i], x[i], sd ? 1 / (sd[i] * sd[i]) : 1 };
		lambda = fmax(lambda, x[i] / n[i]);
	}
	/* The most coefficients that are possible, and of two forms with as many the
	 * better. */
	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		if (is_found && forms[k].p < p)
			break;
		if (!fit_form(&forms[k], v, m, lambda, &u) ||
		    (is_found && u.chi2 >= ret->chi2))
			continue;
		p = forms[k].p;
		if (sd)
			widen(&u, (double)(m - forms[k].p));
		*ret = u;
		is_found = true;
	}
	return is_found;
}

double usl_throughput(const struct usl *u, double n, double *ret_sd)
{
	double g[N_COEFFICIENTS], s = 0;
	const double x = law((const double[]){ u->lambda, u->sigma, u->kappa }, n, g);

	for (size_t j = 0; j < N_COEFFICIENTS; j++)
		for (size_t k = 0; k < N_COEFFICIENTS; k++)
			s += g[j] * u->cov[j][k] * g[k];
	if (ret_sd)
		*ret_sd = sqrt(fmax(s, 0));
	return x;
}
