/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - the fallback levels and their reasons as text.
 */
#include "demand.h"

#include <math.h>
#include <stdio.h>

const char *demand_fallback_name(enum demand_fallback fallback_level)
{
	static const char *const names[] = { "reactive", "seasonal", "full" };

	return names[fallback_level];
}

static void describe_shift(const struct demand_source *d, const char *shift,
			   const char *then, char *ret, size_t size)
{
	char by[32] = "from zero";

	if (isfinite(d->shift_ratio))
		snprintf(by, sizeof(by), "by %+.0f %%", 100 * d->shift_ratio);
	snprintf(ret, size, "the level shifted %s at %s, and %s", by, shift, then);
}

const char *demand_why(const struct demand_source *d, const char *shift, char *ret,
		       size_t size)
{
	static const char *const reasons[] = {
		[DEMAND_NO_SAMPLE] = "no sample yet",
		[DEMAND_LITTLE_HISTORY] = "too little history: the latest demand plus "
					  "its usual rise is used",
		[DEMAND_YOUNG] = "the model is used, with less than two days of history",
		[DEMAND_BEST] = "the model was more accurate than the simpler methods "
				"over the last two days",
		[DEMAND_SEASON_IS_BETTER] = "the model was less accurate than "
					    "yesterday's rise over the last two days",
		[DEMAND_LATEST_IS_BETTER] = "the model was less accurate than the latest "
					    "demand over the last two days",
		[DEMAND_SHIFTED] = "the model is less accurate than a simpler method",
		[DEMAND_SHIFT_FOLLOWED] = "the model tracks it best",
	};

	if (d->reason == DEMAND_SHIFTED || d->reason == DEMAND_SHIFT_FOLLOWED)
		describe_shift(d, shift, reasons[d->reason], ret, size);
	else
		snprintf(ret, size, "%s", reasons[d->reason]);
	return ret;
}
