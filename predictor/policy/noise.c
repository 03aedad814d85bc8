/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "noise.h"

#include <math.h>

#define MINUTE_MS 60000
#define PRIOR_MINUTES 10.0 /* of a Poisson count's variance */
#define LIFE_MINUTES 720.0
#define SIGMAS 5.0 /* one in three million counts is further off */

/* The minute is over: learns from how its measures differed. */
static void learn(struct policy_noise *z)
{
	const double mean = z->n > 0 ? z->sum / z->n : 0;
	const double variance =
		z->n > 1 ? fmax(z->squares - z->n * mean * mean, 0) / (z->n - 1) : NAN;

	if (isfinite(variance)) {
		z->minutes = fmin(z->minutes + 1, LIFE_MINUTES);
		z->variance += (variance - z->variance) / z->minutes;
	}
	z->n = z->sum = z->squares = 0;
}

double policy_noise_sure(struct policy_noise *z, int64_t at_ms, double demand,
			 int64_t over_ms)
{
	const int64_t minute_ms = at_ms / MINUTE_MS * MINUTE_MS;
	double poisson, variance;

	if (!(demand >= 0) || over_ms >= MINUTE_MS)
		return NAN;
	if (minute_ms != z->minute_ms)
		learn(z);
	z->minute_ms = minute_ms;
	z->n++;
	z->sum += demand;
	z->squares += demand * demand;
	poisson = demand * 1000 / (double)(over_ms > 0 ? over_ms : 1);
	variance = (z->variance * z->minutes + poisson * PRIOR_MINUTES) /
		   (z->minutes + PRIOR_MINUTES);
	return fmax(demand - SIGMAS * sqrt(variance), 0);
}
