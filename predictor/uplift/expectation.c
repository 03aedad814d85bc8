/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expectation.h"

#include <gsl/gsl_math.h>
#include <math.h>

#define PRIOR_SD 0.7       /* of log u: from a half to two, mostly */
#define BETWEEN_SD 0.2     /* occurrences of one name differ by 20 % ... */
#define BETWEEN_WEIGHT 2.0 /* ... as if that had been seen so often */
#define INTERVAL 1.6449    /* 90 % of a normal distribution */

struct uplift uplift_none(void)
{
	return (struct uplift){ .mid = 1, .low = 1, .high = 1 };
}

struct uplift uplift_given(double u)
{
	return (struct uplift){ .mid = u, .low = u, .high = u };
}

struct uplift uplift_of_log(double mean, double sd, size_t n)
{
	return (struct uplift){ .mid = exp(mean),
				.low = exp(mean - INTERVAL * sd),
				.high = exp(mean + INTERVAL * sd),
				.log_sd = sd,
				.n = n };
}

/* Variance between occurrences: what they differ by beyond their errors, and
 * its prior. */
static double between(const struct uplift_measure *m, size_t n)
{
	double mean = 0, excess = 0;

	for (size_t i = 0; i < n; i++)
		mean += m[i].log_ratio / (double)n;
	for (size_t i = 0; i < n; i++)
		excess += gsl_pow_2(m[i].log_ratio - mean) -
			  gsl_pow_2(m[i].error) * (1 - 1 / (double)n);
	return (BETWEEN_WEIGHT * gsl_pow_2(BETWEEN_SD) + fmax(excess, 0)) /
	       (BETWEEN_WEIGHT + (double)n - 1);
}

struct uplift uplift_learned(const struct uplift_measure *m, size_t n)
{
	double precision = 1 / gsl_pow_2(PRIOR_SD), sum = 0, var;

	if (n == 0)
		return uplift_none();
	var = between(m, n);
	for (size_t i = 0; i < n; i++) {
		const double w = 1 / (gsl_pow_2(m[i].error) + var);

		precision += w;
		sum += w * m[i].log_ratio;
	}
	return uplift_of_log(sum / precision, sqrt(1 / precision + var), n);
}
