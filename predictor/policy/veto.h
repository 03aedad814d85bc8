/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * veto.h - a forecast that is contradicted by what comes is not used.
 *
 * Each step, what was forecast a lead time ago is held against the largest demand since.
 * It is contradicted when that is outside of the band of 90 % that was promised, differs
 * from the median by a factor of 1.3, by five errors that are usual at this time of day,
 * and by an instance. A score counts the steps that contradict and discounts those that
 * do not (a CUSUM); past the lead time and VETO_MS, the fallback level is left: full for
 * seasonal, seasonal for reactive. The lead time is added since one jump contradicts all
 * that was forecast before it. A level is used again when it has not been contradicted
 * for VETO_CLEAN_MS.
 *
 * The model notices most errors by itself, within a lead time. What is left is a past
 * that does not fit, such as one recorded by a clock that is half a day off.
 *
 * False alarms: none on the 16 request traces of the bench (190 days of minutes, peak 20
 * instances) at lead times of 1, 3, 10 and 20 minutes: the highest score is the lead time
 * and five on ordinary days, and the lead time and eight when a service that was down for
 * half an hour comes back.
 *
 * It is of demand without events: an announced event is the operator's word. It looks at
 * the tier's own model alone.
 *
 * Pure: no I/O, no clock, no logging, no global state. A struct veto is a value; all zero
 * is a tier without a past.
 *
 * Source: Page, Continuous Inspection Schemes, Biometrika 1954 (CUSUM).
 */
#ifndef PREDICTOR_POLICY_VETO_H
#define PREDICTOR_POLICY_VETO_H

#include "demand.h"

#include <stdbool.h>
#include <stdint.h>

#define VETO_MS 540000
#define VETO_CLEAN_MS 3600000

/* A fallback level above reactive. Small: it is saved with the model. */
struct veto_level {
	uint16_t score, run; /* run: steps since the score was 0 */
	uint16_t clean;      /* steps since it was last contradicted */
	bool is_on;
	float log_ratio; /* of what came to the median, mean of the run */
};

struct veto {
	struct veto_level level[DEMAND_FULL]; /* seasonal, full */
	uint32_t steps;                       /* of the model, judged so far */
};

/* Judges the step that the model took last, once. least: the demand of an instance. */
void veto_note(struct veto *v, const struct demand_model *m, size_t lead, double least);

/* The level in force, or the highest below it that is not contradicted. */
enum demand_fallback veto_allows(const struct veto *v, enum demand_fallback in_force);

/* What contradicts the level in force. */
struct veto_reason {
	uint64_t steps; /* for so long, or it was until it was left */
	double ratio;   /* of demand to what was forecast */
};

/* false: nothing contradicts it. */
bool veto_reason(const struct veto *v, enum demand_fallback in_force,
		 struct veto_reason *ret);

/* "for 15 minutes demand was 2.1 times what was forecast"; returns ret. */
const char *veto_why(const struct veto_reason *r, int64_t step_ms, char *ret,
		     size_t size);

#endif
