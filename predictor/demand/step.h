/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step.h - one step of the series: learn the target that is complete now, observe the
 * present, forecast.
 */
#ifndef PREDICTOR_DEMAND_STEP_H
#define PREDICTOR_DEMAND_STEP_H

#include "model.h"

/* filled: the value is from lookback.h and not learned from. */
void model_step(struct demand_model *m, double demand, bool filled);

#endif
