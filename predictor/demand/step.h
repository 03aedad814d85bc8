/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step.h - one step of the series: the price is steered, the target that is complete now
 * is learned, the present is observed, and what is needed is decided.
 */
#ifndef PREDICTOR_DEMAND_STEP_H
#define PREDICTOR_DEMAND_STEP_H

#include "model.h"

/* filled: the value is lookback.h's, not to be learned from. */
void model_step(struct demand_model *m, double demand, bool filled);

#endif
