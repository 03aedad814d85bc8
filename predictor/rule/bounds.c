/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bounds.h"

#include "check.h"

static bool is_above_max(const struct decide_input *in, int64_t n)
{
	return in->max >= 0 && n > in->max;
}

struct bounds bounds_of(const struct decide_input *in)
{
	struct bounds r = { .lower = MAX(in->min, in->floor),
			    .upper = in->max,
			    .lower_by =
				    in->floor > in->min ? DECIDE_BY_FLOOR : DECIDE_BY_MIN,
			    .upper_by = DECIDE_BY_MAX };

	if (is_above_max(in, r.lower)) {
		r.lower = in->max;
		r.lower_by = DECIDE_BY_MAX;
	}
	if (in->ceiling >= 0 && (r.upper < 0 || in->ceiling < r.upper)) {
		r.upper = in->ceiling;
		r.upper_by = DECIDE_BY_CEILING;
	}
	if (r.upper >= 0 && r.upper < r.lower) {
		r.upper = r.lower;
		r.upper_by = r.lower_by;
	}
	return r;
}

void decide_bounds(const struct decide_input *in, int64_t *ret_least, int64_t *ret_most)
{
	const struct bounds b = bounds_of(in);

	*ret_least = b.lower;
	*ret_most = b.upper;
}

static void add_minimum(struct buf *b, const struct decide_input *in, const char *verb)
{
	if (in->floor > in->min)
		buf_printf(b, "schedule '%s' %s %lld", in->floor_name, verb,
			   (long long)in->floor);
	else
		buf_printf(b, "its minimum is %lld", (long long)in->min);
}

void bounds_add_lower(struct buf *b, const struct decide_input *in)
{
	const struct bounds r = bounds_of(in);

	if (r.lower_by == DECIDE_BY_MAX) {
		add_minimum(b, in, "asks for");
		buf_printf(b, ", but its maximum is %lld", (long long)in->max);
		return;
	}
	add_minimum(b, in, "requires at least");
	if (in->ceiling >= 0 && in->ceiling < r.lower)
		buf_printf(b, ", though schedule '%s' allows at most %lld",
			   in->ceiling_name, (long long)in->ceiling);
}

void bounds_add_upper(struct buf *b, const struct decide_input *in)
{
	const struct bounds r = bounds_of(in);

	if (r.upper_by == DECIDE_BY_MAX) {
		buf_printf(b, "its maximum is %lld", (long long)in->max);
		return;
	}
	buf_printf(b, "schedule '%s' allows at most %lld", in->ceiling_name,
		   (long long)in->ceiling);
	if (r.upper_by != DECIDE_BY_CEILING) {
		buf_puts(b, ", but ");
		add_minimum(b, in, "requires at least");
	}
}
