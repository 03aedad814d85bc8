/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - how often demand stayed within each band, against what the band promised.
 */
#ifndef PREDICTOR_DEMAND_COVERAGE_H
#define PREDICTOR_DEMAND_COVERAGE_H

#include "model.h"

/* Notes whether the target stayed within what each band had said at its origin. */
void coverage_note(const struct demand_model *m, struct lead *l, const struct origin *o,
		   double target);

#endif
