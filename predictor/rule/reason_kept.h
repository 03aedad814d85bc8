/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason_kept.h - why a tier stays, though fewer would suffice or more are needed.
 */
#ifndef PREDICTOR_RULE_REASON_KEPT_H
#define PREDICTOR_RULE_REASON_KEPT_H

#include "buf.h"
#include "decide.h"

void describe_kept(struct buf *b, const struct decide_input *in,
		   const struct decide_plan *p);

/* The problem with the data, which alone prevents scaling in. */
void describe_data(struct buf *b, const struct decide_input *in);
/* Whether it is that problem that keeps it. */
bool reason_is_about_data(enum decide_binding by);

#endif
