/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seasons.h"

#include "check.h"
#include "gaps.h"

#include <string.h>

#define DAY_MS 86400000

size_t seasons_find(const double *y, size_t n, int64_t step_ms, struct period *ret)
{
	const size_t day = (size_t)(DAY_MS / step_ms);
	const size_t usual[] = { day, 7 * day };
	CLEANUP(free) double *x = xcalloc(n + 1, sizeof(*x));

	return gaps_fill(x, y, n)
		       ? period_find(x, n, usual, day >= 4 ? 2 : 0, ret, HORIZON_SEASONS)
		       : 0;
}

void seasons_choose(const struct period *found, size_t n_found, size_t n, int64_t step_ms,
		    size_t ret[HORIZON_SEASONS])
{
	const size_t day = (size_t)(DAY_MS / step_ms);
	const struct period *first = NULL;

	memset(ret, 0, HORIZON_SEASONS * sizeof(*ret));
	for (size_t k = 0; k < n_found; k++)
		if (!first || found[k].correlation > first->correlation)
			first = found + k;
	if (!first)
		return;
	ret[0] = first->steps;
	for (size_t k = 0; k < n_found; k++)
		if (found[k].steps > first->steps && found[k].steps % first->steps == 0)
			ret[1] = found[k].steps;
	if (first->steps == day && n >= 21 * day)
		ret[1] = 7 * day;
}
