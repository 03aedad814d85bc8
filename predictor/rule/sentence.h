/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sentence.h - a decision as one sentence.
 */
#ifndef PREDICTOR_RULE_SENTENCE_H
#define PREDICTOR_RULE_SENTENCE_H

#include "decide.h"

/* Writes plan->sentence. */
void decide_describe(const struct decide_input *in, struct decide_plan *plan);

#endif
