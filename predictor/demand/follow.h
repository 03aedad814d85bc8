/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * follow.h - the forecast of a tier that follows another one: what the demand of the tier
 * in front says beyond the tier's own, and whether it says anything.
 *
 * A follower stands beside a demand model and corrects its forecast. With c the rise that
 * the model predicts, base the present level, r the recent ratio of both demands and f
 * the demand in front, all at step i:
 *
 *	max(y[i+1..i+L+1]) - base = x'b + error
 *	x: 1, c, recent means of y - base, r f[i-k] - base for twelve k from 0 to 30, and
 *	   the same of the largest of the last 3, 5 and 10 f
 *
 * b is a ridge regression (ridge.h) that is pulled to the model's own forecast, where
 * only the coefficient of c is not 0, but 1. Its errors are spread as the model's, by a
 * factor that is learned, and their distribution is a histogram of its own. Only
 * measured demand of the tier in front is used, so two tiers that follow each other do
 * not feed back.
 *
 * It is used where it proved better and nowhere else. Each forecast is compared, when
 * its lead time is over, with the model's: by the loss of the 95 % quantile, both as
 * predicted then. The comparison is sequential: each four hours are won, when the loss
 * was lower by 2 % at least, or lost, and multiply the evidence by 1.5 or 0.5. What is
 * no better wins every other time at most, so that its evidence is expected not to
 * grow: from 1 it comes to 10,000 with a probability of 1/10,000 at most (Ville's
 * inequality). The evidence is kept above 0.1, so that what becomes better later can
 * show it; that is a new beginning each time.
 *
 * Used is a follower with an evidence of 10,000, which takes four days at least, whose
 * loss lately (half-life a week) is lower by 5 %; no longer, when its evidence is below
 * 1 or its loss not lower by 2 %. By simulation, what is just as good is used in none
 * of 400 months. Each lead time is judged by itself. While the last hours are worse by
 * a tenth, or the tier in front has no demand in this step, the own forecast counts at
 * once.
 *
 * Pure: no I/O, no clock, no logging, no global state. One follower is used by one thread
 * at a time.
 *
 * Sources: Granger, Investigating Causal Relations, Econometrica 37, 1969 (a series leads
 * another if its past improves the forecast); Shafer, Testing by Betting, JRSS A 184,
 * 2021; Ville, Étude critique de la notion de collectif, 1939.
 */
#ifndef PREDICTOR_DEMAND_FOLLOW_H
#define PREDICTOR_DEMAND_FOLLOW_H

#include "cleanup.h"
#include "err.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMAND_FOLLOW_LAG 30 /* steps, the longest time that a tier is in front by */
#define DEMAND_FOLLOW_STATE_VERSION 1u

struct demand_opts;
struct demand_model;
struct demand_follow;

/* A follower without history, beside a model with these options. */
struct demand_follow *demand_follow_new(const struct demand_opts *opts);
void demand_follow_free(struct demand_follow *f);
DEFINE_CLEANUP(struct demand_follow *, demand_follow_free);

/*
 * Processes a step that the model has just processed, or filled. front: demand of the
 * tier in front in the same step; NaN: none. Steps that were left out begin it again,
 * except for what it learned. Cost about 1 us per lead time. No allocation.
 */
void demand_follow_step(struct demand_follow *f, const struct demand_model *m,
			double front);

/*
 * The forecast for the lead time lead_steps[lead], where it is used, from the model's;
 * false: own counts. Valid until the next step.
 */
bool demand_follow_view(const struct demand_follow *f, size_t lead,
			const struct demand_view *own, struct demand_view *ret);

struct demand_follow_state {
	bool is_used; /* in this step */
	double gain;  /* of the loss, lately: 0.18 is lower by 18 %; NaN: not compared */
	double evidence;  /* 1: none */
	uint64_t steps;   /* compared, as far as they count */
	size_t lag_steps; /* by which the tier in front is ahead: where the changes of
			     both demands agree best */
};

void demand_follow_state(const struct demand_follow *f, size_t lead,
			 struct demand_follow_state *ret);

/* As demand_model_coverage(), of its own forecasts, used or not. ret [DEMAND_BANDS]. */
void demand_follow_coverage(const struct demand_follow *f, size_t lead, double *ret);

/*
 * How well the changes of `back` agree with those of `front` [n] some steps before, up to
 * DEMAND_FOLLOW_LAG: the largest correlation, at most 1; 0 where there are too few. NaN:
 * no sample. For choosing whom to follow. O(n DEMAND_FOLLOW_LAG), 0.1 ms for two days.
 */
double demand_agreement(const double *back, const double *front, size_t n);

/* As bytes, versioned and checked on loading, as a demand model. */
size_t demand_follow_size(const struct demand_follow *f);
void demand_follow_save(const struct demand_follow *f, void *ret);
int demand_follow_load(const void *data, size_t len, const struct demand_opts *opts,
		       struct demand_follow **ret, struct err *err) MUST_CHECK;

#endif
