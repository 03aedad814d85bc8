/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "curve.h"

#include "check.h"
#include "cleanup.h"
#include "matrix.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define STEPS 50
#define STEP_LEAST 1e-8 /* relative; far below what noise leaves open */
#define DAMPING 1e-3
#define DAMPING_MOST 1e10
#define SETTLED 1e-4
#define ROUNDS 8
#define TUKEY 4.685 /* 95 % as efficient as least squares on normal errors */

struct fitting {
	curve_fn *fn;
	size_t p, n;
	const struct curve_point *v;
	double *w;        /* [n] weights of this round */
	double *residual; /* [n] */
	double *scratch;  /* [n] */
};

static double chi2_of(const struct fitting *t, const double *b)
{
	double gradient[CURVE_PARAMS], sum = 0;

	for (size_t i = 0; i < t->n; i++) {
		const double e = t->v[i].y - t->fn(b, t->v[i].x, gradient);

		sum += t->w[i] * e * e;
	}
	return sum;
}

/* Of the weighted least squares at b: a, and the right side r. */
static void normal_equations(const struct fitting *t, const double *b, struct matrix *a,
			     double *r)
{
	*a = (struct matrix){ 0 };
	for (size_t j = 0; j < t->p; j++)
		r[j] = 0;
	for (size_t i = 0; i < t->n; i++) {
		double g[CURVE_PARAMS];
		const double e = t->v[i].y - t->fn(b, t->v[i].x, g);

		for (size_t j = 0; j < t->p; j++) {
			r[j] += t->w[i] * g[j] * e;
			for (size_t k = 0; k <= j; k++)
				a->v[j][k] += t->w[i] * g[j] * g[k];
		}
	}
}

/* The step under that damping; false: nothing is determined. */
static bool step_of(const struct matrix *a, const double *r, size_t p, double damping,
		    double *ret)
{
	struct matrix damped = *a, l;

	for (size_t k = 0; k < p; k++)
		damped.v[k][k] *= 1 + damping;
	if (!matrix_factor(&damped, p, &l))
		return false;
	memcpy(ret, r, p * sizeof(*ret));
	matrix_forward(&l, p, ret);
	matrix_backward(&l, p, ret);
	return true;
}

static bool is_small(const double *step, const double *b, size_t p)
{
	for (size_t k = 0; k < p; k++)
		if (fabs(step[k]) > STEP_LEAST * (fabs(b[k]) + STEP_LEAST))
			return false;
	return true;
}

/* One fit under the weights of this round; b [p] from where it starts to where it ends.
 */
static bool fit_round(const struct fitting *t, double *b)
{
	double chi2 = chi2_of(t, b), damping = DAMPING;

	for (int k = 0; k < STEPS && damping < DAMPING_MOST; k++) {
		struct matrix a;
		double r[CURVE_PARAMS], step[CURVE_PARAMS], next[CURVE_PARAMS], now;

		normal_equations(t, b, &a, r);
		if (!step_of(&a, r, t->p, damping, step))
			return false;
		for (size_t j = 0; j < t->p; j++)
			next[j] = b[j] + step[j];
		now = chi2_of(t, next);
		if (!(now <= chi2)) {
			damping *= 10;
			continue;
		}
		damping /= 10;
		chi2 = now;
		for (size_t j = 0; j < t->p; j++)
			b[j] = next[j];
		if (is_small(step, b, t->p))
			break;
	}
	return isfinite(chi2);
}

/* Leaves the residuals behind; their spread by the median of their sizes. */
static double spread_of(struct fitting *t, const double *b)
{
	double gradient[CURVE_PARAMS];

	for (size_t i = 0; i < t->n; i++) {
		t->residual[i] = t->v[i].y - t->fn(b, t->v[i].x, gradient);
		t->scratch[i] = fabs(t->residual[i]);
	}
	return 1.4826 * gsl_stats_median(t->scratch, 1, t->n) *
	       sqrt((double)t->n / (double)(t->n - t->p));
}

static double bisquare(double residual, double spread)
{
	const double z = residual / (TUKEY * spread);

	return fabs(z) < 1 ? (1 - z * z) * (1 - z * z) : 0;
}

/* What is certain of the parameters when the weights are all that is to be known. */
static bool plain_covariance(const struct fitting *t, struct curve *c)
{
	const double s2 = chi2_of(t, c->b) / (double)(t->n - t->p);
	struct matrix a, l, inverse;
	double r[CURVE_PARAMS];

	normal_equations(t, c->b, &a, r);
	if (!matrix_factor(&a, t->p, &l))
		return false;
	matrix_inverse(&l, t->p, &inverse);
	for (size_t j = 0; j < t->p; j++)
		for (size_t k = 0; k < t->p; k++)
			c->cov[j][k] = s2 * inverse.v[j][k];
	return true;
}

bool curve_fit(curve_fn *fn, size_t p, const struct curve_point *v, size_t n,
	       const double *start, bool robust, struct curve *ret)
{
	CLEANUP(free) double *w = xcalloc(n + 1, sizeof(*w));
	CLEANUP(free) double *residual = xcalloc(n + 1, sizeof(*residual));
	CLEANUP(free) double *scratch = xcalloc(n + 1, sizeof(*scratch));
	struct fitting t = { fn, p, n, v, w, residual, scratch };
	struct curve c = { .spread = 0 };

	CHECK(p <= CURVE_PARAMS);
	if (n <= p)
		return false;
	for (size_t k = 0; k < p; k++)
		c.b[k] = start[k];
	for (size_t i = 0; i < n; i++)
		w[i] = v[i].w;
	if (!fit_round(&t, c.b))
		return false;
	c.spread = spread_of(&t, c.b);
	for (int k = 0; robust && k < ROUNDS && c.spread > 0; k++) {
		const double before = c.spread;

		for (size_t i = 0; i < n; i++)
			w[i] = v[i].w * bisquare(residual[i], c.spread);
		if (!fit_round(&t, c.b))
			return false;
		c.spread = spread_of(&t, c.b);
		if (fabs(c.spread - before) < SETTLED * before)
			break;
	}
	/* Points without any noise at all are determined to the last digit. */
	if (!robust && c.spread > 0 && !plain_covariance(&t, &c))
		return false;
	*ret = c;
	return true;
}
