/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instances_needed.h - how many instances demand and forecast need: the upper quantile of
 * the forecast, and the demand now, over the capacity of an instance; and for how long
 * that is held.
 */
#ifndef PREDICTOR_RULE_INSTANCES_NEEDED_H
#define PREDICTOR_RULE_INSTANCES_NEEDED_H

#include "deciding.h"

/* Fills reactive, predictive and plan->needed. */
void need_find(struct deciding *d);

/* Takes this moment over into what is remembered: plan->held, plan->in_need. */
void need_remember(struct deciding *d);

#endif
