/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.h - the reason of a decision, as a clause of its sentence.
 */
#ifndef PREDICTOR_RULE_REASON_H
#define PREDICTOR_RULE_REASON_H

#include "buf.h"
#include "decide.h"

/* Of what it would go to. */
void describe_reason(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p);

/* The bound or the priority that changes the number from `from`, with the step. */
void describe_bound(struct buf *b, const struct decide_input *in, enum decide_cause cause,
		    enum decide_binding by, int64_t from);

#endif
