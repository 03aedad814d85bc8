/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounds.c - what is allowed: by the settings, by schedules, and by the room.
 */
#include "policy.h"

#include "check.h"
#include "cleanup.h"

#include <stdlib.h>

void policy_allowed(const struct policy_settings *s, const struct policy_bounds *b,
		    int64_t *ret_least, int64_t *ret_most)
{
	const struct decide_input in = { .min = s->min,
					 .max = s->max,
					 .floor = b ? b->floor : -1,
					 .ceiling = b ? b->ceiling : -1 };

	decide_bounds(&in, ret_least, ret_most);
	if (b && b->budget >= 0 && (*ret_most < 0 || b->budget < *ret_most))
		*ret_most = b->budget;
}

/* The largest floor from step i on, for `ahead` more. Steps are visited backwards, so
 * that a floor that is still in sight is known. */
static void look_ahead(struct policy_bounds *b, const int64_t *floor, size_t n,
		       size_t ahead)
{
	size_t top = 0;

	for (size_t i = n; i-- > 0;) {
		if (i + 1 == n || top > i + ahead) {
			top = i;
			for (size_t k = i + 1; k <= i + ahead; k++)
				if (floor[k] > floor[top])
					top = k;
		} else if (floor[i] >= floor[top]) {
			top = i;
		}
		b[i].floor = floor[top];
	}
}

void policy_schedule_bounds(const struct calendar *c, const struct tz *zone,
			    int64_t t0_ms, int64_t step_ms, size_t n, int64_t ahead_ms,
			    struct policy_bounds *ret)
{
	const size_t ahead = (size_t)(MAX(ahead_ms, INT64_C(0)) / step_ms);
	CLEANUP(free) int64_t *floor = xcalloc(n + ahead, sizeof(*floor));
	struct calendar_bounds b;

	for (size_t i = 0; i < n + ahead; i++) {
		calendar_bounds(c, zone, t0_ms + (int64_t)(i + 1) * step_ms, 0, &b);
		floor[i] = b.floor;
		if (i < n)
			ret[i] = (struct policy_bounds){ -1, b.ceiling, -1 };
	}
	look_ahead(ret, floor, n, ahead);
}
