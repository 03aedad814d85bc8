/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounds.h - the least and the most instances that operator and schedules allow.
 *
 * The tier's maximum is the strongest of them, then a minimum, then a schedule's maximum.
 */
#ifndef PREDICTOR_RULE_BOUNDS_H
#define PREDICTOR_RULE_BOUNDS_H

#include "buf.h"
#include "decide.h"

struct bounds {
	int64_t lower, upper;                   /* upper < 0: none; else lower <= upper */
	enum decide_binding lower_by, upper_by; /* which one it is */
};

struct bounds bounds_of(const struct decide_input *in);

/* "its maximum is 5", "schedule 'night' asks for 12, but its maximum is 5". */
void bounds_add_lower(struct buf *b, const struct decide_input *in);
/* "schedule 'night' allows at most 2, but its minimum is 4"; upper must not be < 0. */
void bounds_add_upper(struct buf *b, const struct decide_input *in);

#endif
