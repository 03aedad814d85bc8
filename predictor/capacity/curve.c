/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "curve.h"

#include "check.h"
#include "cleanup.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define STEPS 50
#define STEP_LEAST 1e-7 /* relative; far below what noise leaves open */
#define SETTLED 1e-4
#define ROUNDS 8
#define TUKEY 4.685 /* 95 % as efficient as least squares on normal errors */
#define CORRELATION_MAX 0.9

DEFINE_CLEANUP(gsl_multifit_nlinear_workspace *, gsl_multifit_nlinear_free);

struct fitting {
	curve_fn *fn;
	size_t p, n;
	const struct curve_point *v;
	double *w;        /* [n] weights of this round */
	double *residual; /* [n] */
	double *scratch;  /* [n] */
};

static int residuals(const gsl_vector *b, void *arg, gsl_vector *f)
{
	const struct fitting *t = arg;
	double gradient[CURVE_PARAMS];

	for (size_t i = 0; i < t->n; i++)
		gsl_vector_set(f, i, t->fn(b->data, t->v[i].x, gradient) - t->v[i].y);
	return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *b, void *arg, gsl_matrix *j)
{
	const struct fitting *t = arg;
	double gradient[CURVE_PARAMS];

	for (size_t i = 0; i < t->n; i++) {
		(void)t->fn(b->data, t->v[i].x, gradient);
		for (size_t k = 0; k < t->p; k++)
			gsl_matrix_set(j, i, k, gradient[k]);
	}
	return GSL_SUCCESS;
}

/* One fit under the weights of this round; b [p] from where it starts to where
 * it ends. */
static bool fit_round(struct fitting *t, double *b)
{
	const gsl_multifit_nlinear_parameters how =
		gsl_multifit_nlinear_default_parameters();
	CLEANUP(gsl_multifit_nlinear_free)
	gsl_multifit_nlinear_workspace *ws =
		gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, t->n, t->p);
	gsl_multifit_nlinear_fdf fdf = {
		.f = residuals, .df = jacobian, .n = t->n, .p = t->p, .params = t
	};
	gsl_vector_view start = gsl_vector_view_array(b, t->p);
	gsl_vector_view w = gsl_vector_view_array(t->w, t->n);
	int info;

	CHECK(ws);
	if (gsl_multifit_nlinear_winit(&start.vector, &w.vector, &fdf, ws) != 0)
		return false;
	/* Out of steps or without progress is near enough; what is no number is not. */
	(void)gsl_multifit_nlinear_driver(STEPS, STEP_LEAST, STEP_LEAST, 0, NULL, NULL,
					  &info, ws);
	for (size_t k = 0; k < t->p; k++)
		b[k] = gsl_vector_get(gsl_multifit_nlinear_position(ws), k);
	for (size_t k = 0; k < t->p; k++)
		if (!isfinite(b[k]))
			return false;
	return true;
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

/* Tukey's psi is the weight times the residual; this is its derivative. */
static double bisquare_slope(double residual, double spread)
{
	const double z = residual / (TUKEY * spread);

	return fabs(z) < 1 ? (1 - z * z) * (1 - 5 * z * z) : 0;
}

/* How much wider neighbours that err alike make it than independent points. */
static double correlation_factor(const struct fitting *t)
{
	double near = 0, all = 0, r;

	for (size_t i = 0; i < t->n; i++) {
		const double e = t->residual[i] * t->w[i];

		all += e * e;
		near += i ? e * t->residual[i - 1] * t->w[i - 1] : 0;
	}
	r = all > 0 ? fmin(fmax(near / all, 0), CORRELATION_MAX) : 0;
	return (1 + r) / (1 - r);
}

/* bread [p p] and meat [p p] of the sandwich. */
static void layers(const struct fitting *t, const struct curve *c, bool robust,
		   gsl_matrix *bread, gsl_matrix *meat)
{
	gsl_matrix_set_zero(bread);
	gsl_matrix_set_zero(meat);
	for (size_t i = 0; i < t->n; i++) {
		const double e = t->residual[i];
		const double slope =
			t->v[i].w * (robust ? bisquare_slope(e, c->spread) : 1);
		double g[CURVE_PARAMS];

		(void)t->fn(c->b, t->v[i].x, g);
		for (size_t j = 0; j < t->p; j++)
			for (size_t k = 0; k < t->p; k++) {
				*gsl_matrix_ptr(bread, j, k) += slope * g[j] * g[k];
				*gsl_matrix_ptr(meat, j, k) +=
					t->w[i] * e * t->w[i] * e * g[j] * g[k];
			}
	}
}

/* Inverts m [p p] in place; its rows and columns are brought to one scale first. */
static bool invert(gsl_matrix *m)
{
	double unit[CURVE_PARAMS];

	for (size_t k = 0; k < m->size1; k++) {
		const double d = gsl_matrix_get(m, k, k);

		if (!(d > 0) || !isfinite(d))
			return false;
		unit[k] = 1 / sqrt(d);
	}
	for (size_t j = 0; j < m->size1; j++)
		for (size_t k = 0; k < m->size1; k++)
			*gsl_matrix_ptr(m, j, k) *= unit[j] * unit[k];
	if (gsl_linalg_cholesky_decomp1(m) != GSL_SUCCESS ||
	    gsl_linalg_cholesky_invert(m) != GSL_SUCCESS)
		return false;
	for (size_t j = 0; j < m->size1; j++)
		for (size_t k = 0; k < m->size1; k++)
			*gsl_matrix_ptr(m, j, k) *= unit[j] * unit[k];
	return true;
}

/* What is certain of the parameters when the weights are all that is to be known. */
static void plain_covariance(const struct fitting *t, gsl_matrix *bread)
{
	double sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->v[i].w * t->residual[i] * t->residual[i];
	gsl_matrix_scale(bread, sum / (double)(t->n - t->p));
}

static void sandwich(const struct fitting *t, double dependence, gsl_matrix *bread,
		     gsl_matrix *meat)
{
	double half[CURVE_PARAMS * CURVE_PARAMS], full[CURVE_PARAMS * CURVE_PARAMS];
	gsl_matrix_view hv = gsl_matrix_view_array(half, t->p, t->p);
	gsl_matrix_view wv = gsl_matrix_view_array(full, t->p, t->p);
	const double factor = dependence * (double)t->n / (double)(t->n - t->p);

	gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, factor, bread, meat, 0, &hv.matrix);
	gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, &hv.matrix, bread, 0, &wv.matrix);
	gsl_matrix_memcpy(bread, &wv.matrix);
}

static bool find_covariance(const struct fitting *t, bool robust, struct curve *c)
{
	double bread[CURVE_PARAMS * CURVE_PARAMS], meat[CURVE_PARAMS * CURVE_PARAMS];
	gsl_matrix_view bv = gsl_matrix_view_array(bread, t->p, t->p);
	gsl_matrix_view mv = gsl_matrix_view_array(meat, t->p, t->p);

	layers(t, c, robust, &bv.matrix, &mv.matrix);
	if (!invert(&bv.matrix))
		return false;
	c->dependence = robust ? correlation_factor(t) : 1;
	if (robust)
		sandwich(t, c->dependence, &bv.matrix, &mv.matrix);
	else
		plain_covariance(t, &bv.matrix);
	for (size_t j = 0; j < t->p; j++)
		for (size_t k = 0; k < t->p; k++)
			c->cov[j][k] = bread[j * t->p + k];
	return true;
}

bool curve_fit(curve_fn *fn, size_t p, const struct curve_point *v, size_t n,
	       const double *start, bool robust, struct curve *ret)
{
	CLEANUP(free) double *w = xcalloc(n + 1, sizeof(*w));
	CLEANUP(free) double *residual = xcalloc(n + 1, sizeof(*residual));
	CLEANUP(free) double *scratch = xcalloc(n + 1, sizeof(*scratch));
	struct fitting t = { fn, p, n, v, w, residual, scratch };
	struct curve c = { .p = p, .n = n, .dependence = 1 };

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
	if (c.spread > 0 && !find_covariance(&t, robust, &c))
		return false;
	*ret = c;
	return true;
}

double curve_deviation(const struct curve *c, const double *gradient)
{
	double s = 0;

	for (size_t j = 0; j < c->p; j++)
		for (size_t k = 0; k < c->p; k++)
			s += gradient[j] * c->cov[j][k] * gradient[k];
	return sqrt(fmax(s, 0));
}
