/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe.h - the features of the newest step, and the rise that each fallback level
 * expects from there, with its spread.
 */
#ifndef PREDICTOR_DEMAND_OBSERVE_H
#define PREDICTOR_DEMAND_OBSERVE_H

#include "model.h"

/* Fills the newest origin. filled: the step has no sample. */
void lead_observe(struct demand_model *m, struct lead *l, bool filled);

#endif
