/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fallback.h - chooses the fallback level: the method that was the most accurate lately.
 */
#ifndef PREDICTOR_DEMAND_FALLBACK_H
#define PREDICTOR_DEMAND_FALLBACK_H

#include "model.h"

/* Notes the accuracy of each fallback level at an origin whose target is known now. */
void fallback_judge(const struct demand_model *m, struct lead *l, const struct origin *o,
		    double target);

/* The fallback level, and why. One that was left is used again when it is the best. */
enum demand_fallback fallback_choose(const struct demand_model *m, const struct lead *l,
				     enum demand_reason *why);

#endif
