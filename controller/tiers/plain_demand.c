/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plain_demand.h"

#include "demand.h"
#include "samples.h"

#include <math.h>

void tier_demand_plain(const struct tier_events *e, int64_t from_ms, double *y, size_t n)
{
	tier_events_divide(e, from_ms, DB_DEMAND_STEP_MS, y, n);
	for (size_t i = 0; i < n; i++)
		if (!(y[i] >= 0 && y[i] <= DEMAND_MAX))
			y[i] = NAN;
}
