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

#endif
