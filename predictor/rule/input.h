/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * input.h - what of a decision's input can be relied on.
 */
#ifndef PREDICTOR_RULE_INPUT_H
#define PREDICTOR_RULE_INPUT_H

#include "decide.h"

/* Whether the demand is a number, and new enough to go by. */
bool decide_is_measured(const struct decide_input *in);
bool decide_is_fresh(const struct decide_input *in);

/* A forecast that has not seen the last lead time's demand says nothing about the next.
 */
bool decide_has_forecast(const struct decide_input *in);

#endif
