/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - the coverage achieved by the bands of the model, for several lead times.
 */
#ifndef PREDICTOR_JUDGE_COVERAGE_H
#define PREDICTOR_JUDGE_COVERAGE_H

#include "past.h"

/* The lead times of a policy first, then those around the tier's. */
struct demand_opts judge_leads(const struct past *p);

/* Fills r->lead. predicted: as of simulate_policies(). */
void judge_coverage(const struct past *p, const struct demand_opts *o,
		    const double *predicted, struct judge_report *r);

#endif
