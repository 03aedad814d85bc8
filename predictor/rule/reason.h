/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.h - the reason of a decision, as a clause of its sentence.
 */
#ifndef PREDICTOR_RULE_REASON_H
#define PREDICTOR_RULE_REASON_H

#include "buf.h"
#include "decide.h"

void describe_reason(struct buf *b, const struct decide_input *in,
		     const struct decide_plan *p);

#endif
