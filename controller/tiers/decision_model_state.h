/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model_state.h - the inside of a tier's decision model: how it learns from the
 * recorded demand, and how it is saved.
 */
#ifndef CONTROLLER_TIERS_DECISION_MODEL_STATE_H
#define CONTROLLER_TIERS_DECISION_MODEL_STATE_H

#include "decision_model.h"
#include "samples.h"

#define MODEL_STEP_MS DB_DEMAND_STEP_MS

struct tier_model {
	struct demand_model *model;       /* NULL: none yet */
	int64_t first_ms;                 /* of the history that it was learned from */
	int64_t fed_ms;                   /* end of the last minute that it knows */
	const struct tier_events *events; /* of this call: what demand is divided by */
	uint64_t events_mark;             /* of the division that it was fed with */
	int64_t barren_ms; /* the minute in which there was nothing to learn
			      from; 0: none */
	bool is_dirty, must_learn;
};

/* The start of the step that ms is in. */
static inline int64_t model_step_of(int64_t ms)
{
	return ms / MODEL_STEP_MS * MODEL_STEP_MS;
}

/* ---- decision_model_feed.c */

void tier_model_forget(struct tier_model *t);

/* From the recorded history, from scratch; without any, it stays without a model. */
int tier_model_learn(struct tier_model *t, struct tier_round *r,
		     const struct db_tier *tier, const struct demand_opts *opts,
		     int64_t offset_ms, struct err *err) MUST_CHECK;

/* The minutes since fed_ms. */
int tier_model_feed(struct tier_model *t, struct tier_round *r,
		    const struct db_tier *tier, int64_t offset_ms,
		    struct err *err) MUST_CHECK;

/*
 * Of what the events are held to have done to the demand that the model knows. A model
 * that was fed by another mark has learned events as if they were ordinary days.
 */
uint64_t tier_model_mark(const struct tier_model *t);

/* ---- decision_model_save.c */

/* Leaves it without a model when there is none that can be used. */
void tier_model_load(struct tier_model *t, struct tier_round *r,
		     const struct db_tier *tier);

#endif
