/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_share.h"

#include "check.h"

#include <gsl/gsl_cdf.h>

#define LEVEL 1e-4
#define LEAST_ERRORS 5
#define LEAST_MORE 0.01 /* of all responses */
#define COUNT_MAX 1e6   /* more are scaled down: as sure, and as fast */

/* Without old ones to compare with. */
#define ALONE_ERRORS 10
#define ALONE_SHARE 0.5

static double share(const struct responses *r)
{
	return r->all > 0 ? r->errors / r->all : 0;
}

static bool is_most(const struct responses *r)
{
	return r->errors >= ALONE_ERRORS && share(r) >= ALONE_SHARE;
}

/* The chance of so many errors among the new ones, if all responses were alike. */
static double chance(const struct responses *of_new, const struct responses *of_old)
{
	const double scale = MIN(1, COUNT_MAX / (of_new->all + of_old->all));
	const unsigned n_new = (unsigned)(of_new->all * scale);
	const unsigned n_old = (unsigned)(of_old->all * scale);
	const unsigned e_new = MIN((unsigned)(of_new->errors * scale), n_new);
	const unsigned e_old = MIN((unsigned)(of_old->errors * scale), n_old);

	return e_new ? gsl_cdf_hypergeometric_Q(e_new - 1, e_new + e_old,
						n_new + n_old - e_new - e_old, n_new)
		     : 1;
}

bool error_share_is_more(const struct responses *of_new, const struct responses *of_old)
{
	if (of_new->errors < LEAST_ERRORS || of_new->all < of_new->errors)
		return false;
	if (of_old->all < 1)
		return is_most(of_new);
	return share(of_new) >= share(of_old) + LEAST_MORE &&
	       chance(of_new, of_old) < LEVEL;
}
