/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health.h"

#include "check.h"

void health_start(struct health *h, int rise, int fall, int64_t interval_ms,
		  int64_t mono_ms)
{
	*h = (struct health){ .rise = MAX(rise, 1),
			      .fall = MAX(fall, 1),
			      .interval_ms = MAX(interval_ms, 1),
			      .now = HEALTH_STARTING,
			      .since_mono_ms = mono_ms };
}

bool health_take(struct health *h, bool passed)
{
	enum unit_health before = h->now;

	h->passes = passed ? h->passes + 1 : 0;
	h->failures = passed ? 0 : h->failures + 1;
	if (h->passes >= h->rise)
		h->now = HEALTH_PASSING;
	/* What has never passed is still starting, for as long as it is
	 * checked quickly. */
	else if (h->failures >= h->fall && before == HEALTH_PASSING)
		h->now = HEALTH_FAILING;
	return h->now != before;
}

int64_t health_pause_ms(const struct health *h, int64_t mono_ms)
{
	if (h->now == HEALTH_STARTING && mono_ms - h->since_mono_ms < HEALTH_QUICK_FOR_MS)
		return MIN((int64_t)HEALTH_QUICK_MS, h->interval_ms);
	return h->interval_ms;
}
