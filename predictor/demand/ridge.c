/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ridge.h"

#include "check.h"
#include "linear.h"

#include <math.h>
#include <string.h>

static size_t sums_of(size_t p)
{
	return p * (p + 1) / 2;
}

/* X'Wy [p]. */
static double *xy_of(struct ridge *r)
{
	return r->v + 2 * r->p;
}

/* X'WX [sums_of(p)]: the lower triangle, row after row. */
static double *xx_of(struct ridge *r)
{
	return r->v + 3 * r->p;
}

/* Sum of the weights of observations with the feature [p]. */
static float *seen_of(struct ridge *r)
{
	return (void *)(xx_of(r) + sums_of(r->p));
}

size_t ridge_size(size_t p)
{
	return sizeof(struct ridge) + (3 * p + sums_of(p) + (p + 1) / 2) * sizeof(double);
}

void ridge_init(struct ridge *r, size_t p, double half_life, double prior)
{
	CHECK(p <= RIDGE_MAX);
	memset(r, 0, ridge_size(p));
	r->p = p;
	r->grow = exp2(1.0 / half_life);
	r->weight = 1.0;
	r->prior = prior;
}

void ridge_add(struct ridge *r, const float *x, double y, double w)
{
	double *xy = xy_of(r), *sum = xx_of(r);
	float *seen = seen_of(r);

	w *= r->weight;
	r->weight *= r->grow;
	if (w <= 0)
		return;
	r->total += w;
	for (size_t i = 0; i < r->p; i++) {
		const double wx = w * (double)x[i];

		xy[i] += wx * y;
		seen[i] += x[i] != 0 ? (float)w : 0;
		for (size_t j = 0; j <= i; j++)
			sum[j] += wx * (double)x[j];
		sum += i + 1;
	}
}

/* Weights grow instead of the sums shrinking; brings both back before they overflow. */
static void shrink(struct ridge *r)
{
	double *sum = xy_of(r);

	for (size_t i = 0; i < r->p + sums_of(r->p); i++)
		sum[i] /= r->weight;
	for (size_t i = 0; i < r->p; i++)
		seen_of(r)[i] /= (float)r->weight;
	r->total /= r->weight;
	r->weight = 1.0;
}

void ridge_solve(struct ridge *r)
{
	const size_t p = r->p;
	double a[RIDGE_MAX * RIDGE_MAX], b[RIDGE_MAX], unit[RIDGE_MAX];
	const double *sum = xx_of(r), *xy = xy_of(r), *b0 = ridge_b0(r);
	const float *seen = seen_of(r);

	if (r->weight > 1e6)
		shrink(r);
	if (r->total <= 0)
		return;

	for (size_t i = 0; i < p; i++) {
		/* A feature that began late has few observations of its own. */
		const double pull =
			seen[i] > 0 ? r->prior * r->weight / (double)seen[i] : 1.0;

		unit[i] = sum[i] > 0 ? 1.0 / sqrt(sum[i]) : 0.0;
		for (size_t j = 0; j < i; j++)
			a[i * p + j] = a[j * p + i] = sum[j] * unit[i] * unit[j];
		a[i * p + i] = 1.0 + pull;
		b[i] = xy[i] * unit[i] + (unit[i] > 0 ? pull * b0[i] / unit[i] : 0);
		sum += i + 1;
	}

	if (!linear_solve(a, b, p))
		return;
	for (size_t i = 0; i < p; i++)
		ridge_b(r)[i] = unit[i] > 0 ? b[i] * unit[i] : b0[i];
}

double ridge_predict(const struct ridge *r, const float *x)
{
	double s = 0;

	for (size_t i = 0; i < r->p; i++)
		s += r->v[i] * (double)x[i];
	return s;
}
