/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bounds.h"

void decide_bounds(const struct decide_input *in, int64_t *ret_least, int64_t *ret_most)
{
	int64_t lower = MAX(in->min, in->floor), upper = in->max;

	if (in->max >= 0)
		lower = MIN(lower, in->max);
	if (in->ceiling >= 0 && (upper < 0 || in->ceiling < upper))
		upper = in->ceiling;
	*ret_least = lower;
	*ret_most = upper >= 0 ? MAX(upper, lower) : upper;
}

void bounds_find(struct deciding *d)
{
	decide_bounds(d->in, &d->lower, &d->upper);
}

int64_t bounds_raise(struct deciding *d, int64_t value)
{
	bool is_floor = d->in->floor > d->in->min;

	if (value >= d->lower)
		return value;
	d->plan->would_binding = is_floor ? DECIDE_BY_FLOOR : DECIDE_BY_MIN;
	if (d->lower > d->plan->from)
		d->plan->cause = is_floor ? DECIDE_SCHEDULE : DECIDE_MIN;
	stage(d, is_floor ? "schedule" : "min", d->lower);
	return d->lower;
}

bool bounds_may_lower(const struct deciding *d, bool is_max)
{
	bool is_by_hand = is_max && !d->in->distrust && !d->in->stateful;

	return d->in_block == DECIDE_BY_NOTHING ||
	       (is_by_hand && (d->in_block == DECIDE_BY_NO_FORECAST ||
			       d->in_block == DECIDE_BY_NO_CAPACITY));
}

int64_t bounds_lower(struct deciding *d, int64_t value)
{
	bool is_max = d->in->max >= 0 && d->upper == d->in->max;

	if (d->upper < 0 || value <= d->upper)
		return value;
	if (d->upper < d->plan->from && !bounds_may_lower(d, is_max))
		return MIN(value, keep(d, d->in_block));
	d->plan->would_binding = is_max ? DECIDE_BY_MAX : DECIDE_BY_CEILING;
	if (d->upper < d->plan->from)
		d->plan->cause = is_max ? DECIDE_MAX : DECIDE_SCHEDULE;
	stage(d, is_max ? "max" : "schedule", d->upper);
	return d->upper;
}
