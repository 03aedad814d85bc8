/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - the coverage of each band: how often demand stayed within it.
 */
#ifndef PREDICTOR_DEMAND_COVERAGE_H
#define PREDICTOR_DEMAND_COVERAGE_H

#include "model.h"

/* Notes whether the target was within each band as predicted at its origin. */
void coverage_note(const struct demand_model *m, struct lead *l, const struct origin *o,
		   double target);

/* The same of any forecast. learned: targets before; hour_life: model_hour_life(). */
void coverage_add(double coverage[DEMAND_BANDS], const float predicted[DEMAND_BANDS],
		  float top, uint64_t learned, double hour_life);

/* As far as enough is known; else NaN. */
void coverage_tell(const double coverage[DEMAND_BANDS], uint64_t learned,
		   double ret[DEMAND_BANDS]);

#endif
