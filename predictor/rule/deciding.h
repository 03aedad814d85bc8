/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deciding.h - a decision in progress: what its stages share.
 */
#ifndef PREDICTOR_RULE_DECIDING_H
#define PREDICTOR_RULE_DECIDING_H

#include "bounds.h"
#include "check.h"
#include "decide.h"
#include "input.h"

struct deciding {
	const struct decide_input *in;
	struct decide_state *state;
	struct decide_plan *plan;
	struct bounds bounds;
	int64_t reactive, predictive; /* -1: not known */
	bool is_dwelling;             /* fewer have not sufficed for a dwell yet */
	enum decide_binding in_block; /* why it must not scale in; BY_NOTHING: it may */
};

/* Notes the result of a stage. */
static inline void stage(struct deciding *d, const char *name, int64_t value)
{
	CHECK(d->plan->n_stages < DECIDE_STAGES);
	d->plan->stages[d->plan->n_stages++] = (struct decide_stage){ name, value };
}

/* No change, because of that constraint. */
static inline int64_t keep(struct deciding *d, enum decide_binding by)
{
	d->plan->would_cause = DECIDE_KEPT;
	d->plan->would_binding = by;
	return d->plan->from;
}

#endif
