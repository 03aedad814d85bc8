/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_tails.h"

#include "check.h"
#include "error_sizes.h"

#include <math.h>

#define FREEDOM 0.4 /* degrees of freedom an independent error; see error_widening() */
#define FREEDOM_MIN 2.0 /* of any number of them */

/*
 * How many errors are independent, at least one. Those of one season are alike, the more
 * the farther ahead they are; without a season those that overlap are.
 */
void error_independent(const struct error_quantiles *s, double *errors)
{
	const size_t m = s->season, steps = error_span(s);

	for (size_t j = 0; j < s->h; j++) {
		const double alike =
			m ? 0.5 * (double)(m + MIN(j + 1, m)) : (double)(j + 1);

		errors[j] = fmax((double)steps / alike - 1, 1);
	}
}

/*
 * How much farther from the middle a quantile is than past errors say, which a normal has
 * at x: a size known from few errors makes it Student's t, and the weights were chosen on
 * these errors, which makes them smaller than those to come.
 */
double error_widening(double x, double errors)
{
	const double f = fmax(FREEDOM * errors, FREEDOM_MIN), u = x * x;
	const double t = 1 + (u + 1) / (4 * f) + ((5 * u + 16) * u + 3) / (96 * f * f) +
			 (((3 * u + 19) * u + 17) * u - 15) / (384 * f * f * f);

	return t * (1 + 1 / errors);
}
