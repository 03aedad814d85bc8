/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expectation.c - the expected effect of coming occurrences of an event.
 */
#include "check.h"
#include "uplift.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <math.h>

#define PRIOR_SD 1.2 /* of m: from a third to three times, mostly */
#define UPPER 0.95   /* end of the 90 % interval */
#define HALVINGS 40  /* of a bracket of a few spreads */
#define FARTHEST 8.0 /* spreads from the mean that a quantile may be */

/* What occurrences of one name may differ by, and how likely that is beforehand. */
static const struct {
	double sd, weight;
} spreads[] = { { 0.05, 0.07 }, { 0.1, 0.07 }, { 0.2, 0.12 }, { 0.35, 0.2 },
		{ 0.5, 0.26 },  { 0.7, 0.18 }, { 1.0, 0.1 } };

/* The next log u: a normal distribution for each spread. */
struct mixture {
	double weight[ARRAY_SIZE(spreads)], mean[ARRAY_SIZE(spreads)],
		sd[ARRAY_SIZE(spreads)];
};

struct uplift uplift_none(void)
{
	return (struct uplift){ .mid = 1, .low = 1, .high = 1 };
}

struct uplift uplift_given(double u)
{
	return (struct uplift){ .mid = u, .low = u, .high = u };
}

/* With the k-th spread: the next one, and the logarithm of how likely that spread is. */
static double add_spread(const struct uplift_measure *m, size_t n, size_t k,
			 struct mixture *x)
{
	double precision = 1 / gsl_pow_2(PRIOR_SD), sum = 0, likely = 0;

	for (size_t i = 0; i < n; i++) {
		const double w = 1 / (gsl_pow_2(m[i].error) + gsl_pow_2(spreads[k].sd));

		precision += w;
		sum += w * m[i].log_ratio;
		likely += log(w) - w * gsl_pow_2(m[i].log_ratio);
	}
	x->mean[k] = sum / precision;
	x->sd[k] = sqrt(1 / precision + gsl_pow_2(spreads[k].sd));
	return log(spreads[k].weight) +
	       (likely - log(precision) + sum * sum / precision) / 2;
}

static void mix(const struct uplift_measure *m, size_t n, struct mixture *x)
{
	double most = -INFINITY, sum = 0;

	for (size_t k = 0; k < ARRAY_SIZE(spreads); k++) {
		x->weight[k] = add_spread(m, n, k, x);
		most = fmax(most, x->weight[k]);
	}
	for (size_t k = 0; k < ARRAY_SIZE(spreads); k++)
		sum += x->weight[k] = exp(x->weight[k] - most);
	for (size_t k = 0; k < ARRAY_SIZE(spreads); k++)
		x->weight[k] /= sum;
}

static double below(const struct mixture *x, double at)
{
	double p = 0;

	for (size_t k = 0; k < ARRAY_SIZE(spreads); k++)
		p += x->weight[k] * gsl_cdf_ugaussian_P((at - x->mean[k]) / x->sd[k]);
	return p;
}

static double quantile(const struct mixture *x, double level)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t k = 0; k < ARRAY_SIZE(spreads); k++) {
		low = fmin(low, x->mean[k] - FARTHEST * x->sd[k]);
		high = fmax(high, x->mean[k] + FARTHEST * x->sd[k]);
	}
	for (int i = 0; i < HALVINGS; i++) {
		const double at = (low + high) / 2;

		if (below(x, at) < level)
			low = at;
		else
			high = at;
	}
	return (low + high) / 2;
}

struct uplift uplift_learned(const struct uplift_measure *m, size_t n)
{
	struct mixture x;
	double mid;

	if (n == 0)
		return uplift_none();
	mix(m, n, &x);
	mid = quantile(&x, 0.5);
	return (struct uplift){
		.mid = exp(mid),
		.low = exp(quantile(&x, 1 - UPPER)),
		.high = exp(quantile(&x, UPPER)),
		.log_sd = (quantile(&x, UPLIFT_LEVEL) - mid) /
			  gsl_cdf_ugaussian_Pinv(UPLIFT_LEVEL),
		.n = n,
	};
}
