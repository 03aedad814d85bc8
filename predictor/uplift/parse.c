/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.c - an uplift from text.
 */
#include "uplift.h"

#include "text.h"

#include <math.h>
#include <string.h>

int uplift_parse(const char *text, double *ret, struct err *err)
{
	const size_t n = strlen(text);
	const bool is_change = *text == '+' || *text == '-';
	double u;

	if (strcmp(text, "learn") == 0) {
		*ret = NAN;
		return 0;
	}
	if (conf_parse_number(text, &u, NULL) < 0 || (is_change && text[n - 1] != '%'))
		return err_set(err, ERR_INVAL,
			       "uplift = %.40s is neither a factor such as 2.5, a change "
			       "such as "
			       "+150%% or -40%%, nor learn",
			       text);
	u += is_change;
	if (!(u >= UPLIFT_MIN && u <= UPLIFT_MAX))
		return err_set(err, ERR_INVAL, "uplift = %.40s must be from %g to %g",
			       text, UPLIFT_MIN, UPLIFT_MAX);
	*ret = u;
	return 0;
}
