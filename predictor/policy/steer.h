/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.h - what the files of this room have in common.
 */
#ifndef PREDICTOR_POLICY_STEER_H
#define PREDICTOR_POLICY_STEER_H

#include "policy.h"

/* Rounded up. */
static inline size_t policy_steps_of(int64_t ms, int64_t step_ms)
{
	return (size_t)((ms + step_ms - 1) / step_ms);
}

/* The share of short steps that is aimed at. They come in runs of about a lead time: the
 * longer it is, the later the steering reacts, and the further below the promise it
 * stays. */
double policy_aim(const struct policy *p, const struct policy_settings *s);

/* Learns how much demand usually changes from step to step; NaN: not known. */
void policy_note_change(struct policy *p, double change);

/* What is certain of the demand of one step, which is evidence and not yet demand.
 * sigma: of the forecast before it. */
double policy_sure(double demand, double sigma);

#endif
