/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

#include "check.h"

#include <math.h>

bool decide_is_measured(const struct decide_input *in)
{
	return isfinite(in->demand) && in->demand >= 0;
}

bool decide_is_fresh(const struct decide_input *in)
{
	return decide_is_measured(in) &&
	       in->now_ms - in->demand_at_ms <= in->stale_after_ms;
}

bool decide_has_forecast(const struct decide_input *in)
{
	return isfinite(in->forecast_high) && in->forecast_high >= 0 &&
	       in->now_ms - in->forecast_at_ms <= in->stale_after_ms + in->lead_ms;
}

int64_t decide_from(const struct decide_input *in)
{
	return MAX(in->desired >= 0 ? in->desired : in->running, INT64_C(0));
}

int64_t decide_counted(const struct decide_input *in)
{
	const int64_t from = decide_from(in), most = MAX(from / 10, INT64_C(1));

	return from - MIN(MIN(MAX(in->overdue, INT64_C(0)), most), from);
}

int64_t decide_dwell(const struct decide_input *in)
{
	return MAX(in->dwell_ms, in->lead_ms / 3);
}
