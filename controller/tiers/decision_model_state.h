/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model_state.h - the inside of a tier's decision model: how it learns from the
 * recorded demand, and how it is saved.
 */
#ifndef CONTROLLER_TIERS_DECISION_MODEL_STATE_H
#define CONTROLLER_TIERS_DECISION_MODEL_STATE_H

#include "decision_model.h"
#include "following.h"
#include "samples.h"

#define MODEL_STEP_MS DB_DEMAND_STEP_MS
#define HISTORY_MINUTES (28 * 1440) /* that it is trained on */

struct tier_model {
	struct demand_model *model; /* NULL: none yet */
	struct following following; /* beside the model */
	struct policy policy;
	struct policy_settings settings;  /* that the policy was last used with */
	int64_t first_ms;                 /* start of the history it was trained on */
	int64_t fed_ms;                   /* end of the last minute learned */
	int64_t learned_ms;               /* when it was last trained on history */
	double learned_capacity;          /* that its price was found for then */
	const struct tier_events *events; /* of this call */
	uint64_t events_mark;             /* of the events' effect in what it learned */
	int64_t barren_ms; /* the minute in which there was no usable history; 0: none */
	bool is_dirty, must_learn;
};

/* The start of the step that ms is in. */
static inline int64_t model_step_of(int64_t ms)
{
	return ms / MODEL_STEP_MS * MODEL_STEP_MS;
}

/* ---- decision_model_feed.c */

void tier_model_forget(struct tier_model *t);

/* Trains a new model from the recorded history; without any there is no model. */
int tier_model_learn(struct tier_model *t, struct tier_round *r,
		     const struct tier_view *v, const struct policy_settings *s,
		     struct err *err) MUST_CHECK;

/* Learns the minutes since fed_ms. */
int tier_model_feed(struct tier_model *t, struct tier_round *r, const struct tier_view *v,
		    struct err *err) MUST_CHECK;

/*
 * A hash of the events' effect on the demand that the model knows. If it changed, the
 * model has learned a part of events as ordinary demand.
 */
uint64_t tier_model_mark(const struct tier_model *t);

/* ---- decision_model_save.c */

/* Leaves t without a model when there is no usable one. */
void tier_model_load(struct tier_model *t, struct tier_round *r,
		     const struct db_tier *tier);

#endif
