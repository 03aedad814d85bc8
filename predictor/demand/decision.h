/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision.h - the decision of one step: the forecast of the fallback level in force, its
 * quantile at the price of a short step, and the instances for it (instances.h).
 */
#ifndef PREDICTOR_DEMAND_DECISION_H
#define PREDICTOR_DEMAND_DECISION_H

#include "model.h"

/* Fills l->now, after the newest step was observed. */
void lead_decide(struct demand_model *m, struct lead *l);

#endif
