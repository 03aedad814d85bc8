/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * input.h - which parts of a decision's input are reliable.
 */
#ifndef PREDICTOR_RULE_INPUT_H
#define PREDICTOR_RULE_INPUT_H

#include "decide.h"

/* Whether the demand is a number, and recent enough. */
bool decide_is_measured(const struct decide_input *in);
bool decide_is_fresh(const struct decide_input *in);

/* A forecast that does not include the last lead time's demand is not used. */
bool decide_has_forecast(const struct decide_input *in);

/* How long a need is remembered: where boots are slow, it passes more slowly too. */
int64_t decide_dwell(const struct decide_input *in);

/* The number that a decision changes: what was desired, or runs at first. */
int64_t decide_from(const struct decide_input *in);

#endif
