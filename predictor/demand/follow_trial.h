/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * follow_trial.h - whether a forecast is better than another one: a sequential test on
 * their losses. See follow.h for the rule.
 */
#ifndef PREDICTOR_DEMAND_FOLLOW_TRIAL_H
#define PREDICTOR_DEMAND_FOLLOW_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct follow_trial {
	size_t block;                /* steps that are won or lost together */
	double slow, fast;           /* time constants of the averages, in steps */
	double own, other;           /* losses of this block */
	double own_slow, other_slow; /* average losses */
	double own_fast, other_fast;
	double evidence; /* that other is better */
	uint64_t steps;  /* compared */
	bool is_proven;
};

/* window: steps of a lead time; blocks are longer than that. */
void follow_trial_init(struct follow_trial *t, int64_t step_ms, size_t window);

/* The losses of both forecasts of one step. */
void follow_trial_note(struct follow_trial *t, double own, double other);

/* Whether other is to be used now. */
bool follow_trial_holds(const struct follow_trial *t);

/* By how much the loss was lower lately; NaN: nothing to compare. */
double follow_trial_gain(const struct follow_trial *t);

#endif
