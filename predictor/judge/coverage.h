/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.h - the coverage achieved by the bands of the model, for several lead times.
 */
#ifndef PREDICTOR_JUDGE_COVERAGE_H
#define PREDICTOR_JUDGE_COVERAGE_H

#include "past.h"

/* The lead time of the options first, then those around it. */
struct demand_opts judge_leads(const struct demand_opts *of);

/* Simulates the model, and fills its row and r->lead. */
int judge_coverage(struct past *p, struct judge_report *r, struct err *err) MUST_CHECK;

#endif
