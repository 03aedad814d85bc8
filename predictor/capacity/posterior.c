/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "posterior.h"

#include "check.h"
#include "cleanup.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS (POSTERIOR_PARAMS + 1) /* and y */
#define LOG_EVERY 16
#define NO_NOISE 1e-20 /* of the sum of squares: rounding */

static const double lengths[] = { 0, 3, 10, 30, 120, 720 }; /* minutes */
static const double shares[] = { 1, 0.5 };
static const double powers[] = { 0, 0.5, 1 };

/* The points under one power of the noise, and what lasts of it between them. */
struct columns {
	double (*v)[COLUMNS]; /* [n] */
	double *keep;         /* [n] from the point before */
	size_t n, p;
	const struct posterior_priors *priors;
	double log_scales; /* sum over the points */
};

/* Products of the columns, whitened. */
struct products {
	double v[COLUMNS][COLUMNS];
	double log_variances; /* sum over the points */
};

static void scale_columns(const struct posterior_point *v, double power,
			  struct columns *ret)
{
	ret->log_scales = 0;
	for (size_t i = 0; i < ret->n; i++) {
		const double scale = sqrt(v[i].weight) / pow(v[i].level, power);

		for (size_t j = 0; j < ret->p; j++)
			ret->v[i][j] = v[i].g[j] * scale;
		ret->v[i][ret->p] = v[i].y * scale;
		ret->log_scales += log(scale);
	}
}

static void keep_columns(const struct posterior_point *v, double length,
			 struct columns *ret)
{
	for (size_t i = 0; i < ret->n; i++)
		ret->keep[i] = i && length > 0
				       ? exp((v[i - 1].minute - v[i].minute) / length)
				       : 0;
}

/* Adds the products of a whitened point. */
static void add_products(const double *v, size_t p, struct products *ret)
{
	for (size_t j = 0; j <= p; j++)
		for (size_t k = 0; k <= j; k++)
			ret->v[j][k] += v[j] * v[k];
}

/* Through the filter of noise of which a share lasts; its state is the mean and the
 * variance of what lasts, the mean of each column. */
static void whiten(const struct columns *c, double share, struct products *ret)
{
	double mean[COLUMNS] = { 0 }, variance = share, product = 1;

	*ret = (struct products){ .log_variances = -2 * c->log_scales };
	for (size_t i = 0; i < c->n; i++) {
		const double keep = c->keep[i];
		const double before = keep * keep * (variance - share) + share;
		const double all = before + 1 - share;
		const double by = 1 / sqrt(all), gain = before / all;
		double v[COLUMNS];

		for (size_t j = 0; j <= c->p; j++) {
			const double news = c->v[i][j] - keep * mean[j];

			mean[j] = keep * mean[j] + gain * news;
			v[j] = news * by;
		}
		variance = before * (1 - gain);
		add_products(v, c->p, ret);
		product *= all;
		if (i % LOG_EVERY == 0) {
			ret->log_variances += log(product);
			product = 1;
		}
	}
	ret->log_variances += log(product);
}

/* Coefficients under the prior's precision, and the sum of squares that they leave,
 * the prior's included. */
static bool solve(const struct products *x, size_t p, double precision,
		  struct posterior_component *c, double *ret_left)
{
	struct matrix a = { 0 };

	for (size_t j = 0; j < p; j++) {
		for (size_t k = 0; k <= j; k++)
			a.v[j][k] = x->v[j][k];
		if (j >= POSTERIOR_FLAT)
			a.v[j][j] += precision;
	}
	if (!matrix_factor(&a, p, &c->l))
		return false;
	memcpy(c->b, x->v[p], p * sizeof(*c->b));
	matrix_forward(&c->l, p, c->b);
	*ret_left = x->v[p][p];
	for (size_t j = 0; j < p; j++)
		*ret_left -= c->b[j] * c->b[j];
	*ret_left = fmax(*ret_left, NO_NOISE * x->v[p][p]);
	matrix_backward(&c->l, p, c->b);
	return *ret_left > 0;
}

/* Log of how probable the points are under a component. */
static double evidence(const struct products *x, const struct posterior *q,
		       const struct posterior_component *c, double precision, double left)
{
	return -0.5 * x->log_variances +
	       0.5 * (double)(q->p - POSTERIOR_FLAT) * log(precision) -
	       0.5 * matrix_log_determinant(&c->l, q->p) - 0.5 * q->dof * log(left);
}

/* Adds a component for each deviation of the prior; weight is its evidence so far. */
static void add_components(const struct products *x, const struct noise *noise,
			   const struct columns *of, struct posterior *q)
{
	const size_t n_priors = q->p > POSTERIOR_FLAT ? of->priors->n : 1;
	struct posterior_component c = { .noise = *noise };
	double left;

	/* Noise as it is when the prior leaves all open. */
	if (!solve(x, q->p, NO_NOISE, &c, &left))
		return;
	for (size_t k = 0; k < n_priors; k++) {
		const double variance = left / (double)(of->n - q->p);
		const struct posterior_prior *prior = &of->priors->v[k];
		const double precision = variance / (prior->sd * prior->sd) + NO_NOISE;
		double sum;

		if (!solve(x, q->p, precision, &c, &sum))
			continue;
		c.noise.sd = sqrt(sum / q->dof);
		c.weight = evidence(x, q, &c, precision, sum) + log(prior->weight);
		CHECK(q->n < POSTERIOR_COMPONENTS);
		q->v[q->n++] = c;
	}
}

static void normalise(struct posterior *q)
{
	const double most = posterior_best(q)->weight;
	double sum = 0;

	for (size_t i = 0; i < q->n; i++) {
		q->v[i].weight = exp(q->v[i].weight - most);
		sum += q->v[i].weight;
	}
	for (size_t i = 0; i < q->n; i++)
		q->v[i].weight /= sum;
}

static void add_shares(const struct columns *c, struct noise noise, struct posterior *q)
{
	struct products x;

	for (size_t k = 0; k < (noise.length > 0 ? ARRAY_SIZE(shares) : 1); k++) {
		noise.share = noise.length > 0 ? shares[k] : 0;
		whiten(c, noise.share, &x);
		add_components(&x, &noise, c, q);
	}
}

static void add_all(const struct posterior_point *v, struct columns *c,
		    struct posterior *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(powers); i++) {
		scale_columns(v, powers[i], c);
		for (size_t j = 0; j < ARRAY_SIZE(lengths); j++) {
			keep_columns(v, lengths[j], c);
			add_shares(c, (struct noise){ lengths[j], 0, powers[i], 0 }, q);
		}
	}
}

static void add_one(const struct posterior_point *v, struct columns *c,
		    const struct noise *noise, struct posterior *q)
{
	struct products x;

	scale_columns(v, noise->power, c);
	keep_columns(v, noise->length, c);
	whiten(c, noise->share, &x);
	add_components(&x, noise, c, q);
}

bool posterior_fit(const struct posterior_point *v, size_t n, size_t p,
		   const struct posterior_priors *priors, const struct noise *only,
		   struct posterior *ret)
{
	CLEANUP(free) double *scaled = xcalloc(n + 1, COLUMNS * sizeof(*scaled));
	CLEANUP(free) double *keep = xcalloc(n + 1, sizeof(*keep));
	struct columns c = { (double(*)[COLUMNS])scaled, keep, n, p, priors, 0 };

	CHECK(p >= POSTERIOR_FLAT && p <= POSTERIOR_PARAMS);
	if (n <= p)
		return false;
	ret->p = p;
	ret->n = 0;
	ret->dof = (double)(n - POSTERIOR_FLAT);
	if (only)
		add_one(v, &c, only, ret);
	else
		add_all(v, &c, ret);
	if (ret->n == 0)
		return false;
	normalise(ret);
	return true;
}

const struct posterior_component *posterior_best(const struct posterior *q)
{
	size_t best = 0;

	for (size_t i = 1; i < q->n; i++)
		if (q->v[i].weight > q->v[best].weight)
			best = i;
	return &q->v[best];
}

/* ---------------------------------------------------------------- draws */

/* The k-th of a sequence that fills (0, 1) evenly, in dimension d (Kronecker's). */
static double even(size_t k, size_t d)
{
	static const double primes[] = { 2, 3, 5, 7, 11, 13 };
	double whole;

	return modf((double)(k + 1) * sqrt(primes[d]), &whole);
}

static double normal(size_t k, size_t d)
{
	return gsl_cdf_ugaussian_Pinv(fmin(fmax(even(k, d), 1e-9), 1 - 1e-9));
}

/* How many times the deviation is as large as the points have it: dof / chi square, by
 * Wilson and Hilferty's approximation. */
static double spread_of(double dof, double z)
{
	const double v = 2 / (9 * dof);
	const double cube = fmax(1 - v + z * sqrt(v), 0.05);

	return 1 / sqrt(cube * cube * cube);
}

static const struct posterior_component *pick(const struct posterior *q, double at)
{
	size_t i = 0;

	while (i + 1 < q->n && at >= q->v[i].weight)
		at -= q->v[i++].weight;
	return &q->v[i];
}

void posterior_draw(const struct posterior *q, size_t k, double *ret)
{
	const struct posterior_component *c = pick(q, even(k, 0));
	const double sd = c->noise.sd * spread_of(q->dof, normal(k, 1));
	double z[POSTERIOR_PARAMS];

	for (size_t j = 0; j < q->p; j++)
		z[j] = normal(k, 2 + j);
	matrix_backward(&c->l, q->p, z);
	for (size_t j = 0; j < q->p; j++)
		ret[j] = c->b[j] + sd * z[j];
}
