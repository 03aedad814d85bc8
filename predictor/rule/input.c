/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

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
