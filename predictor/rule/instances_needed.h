/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instances_needed.h - turns demand and the forecast's upper quantile into instances, by
 * the capacity of one; and how long that need is held.
 */
#ifndef PREDICTOR_RULE_INSTANCES_NEEDED_H
#define PREDICTOR_RULE_INSTANCES_NEEDED_H

#include "deciding.h"

/* Fills reactive, predictive and plan->needed. */
void need_find(struct deciding *d);

/* Records the need in the state, and fills plan->held and is_dwelling. */
void need_remember(struct deciding *d);

#endif
