/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance_capacity.h - what one instance of a tier serves: declared, or learned from the
 * tier's own minutes (predictor/capacity/capacity.h), or until then a cautious value.
 *
 * In force is what the operator declares. Without that it is the lower end of the learned
 * interval, so that what is not sure costs an instance and not an answer; and before it
 * is known, the cautious value. It changes when it would by more than a tenth, or when it
 * is above what is now believed; so it does not follow each minute's noise. Once learned
 * it stays until something else is learned or it is seen to have changed.
 *
 * Minutes count only while all instances are healthy, none drains, and their number has
 * been the same for two minutes.
 */
#ifndef CONTROLLER_TIERS_INSTANCE_CAPACITY_H
#define CONTROLLER_TIERS_INSTANCE_CAPACITY_H

#include "capacity.h"
#include "events.h"
#include "fleet.h"

#include <jansson.h>

struct tier_capacity;

struct tier_capacity *tier_capacity_new(void);
void tier_capacity_free(struct tier_capacity *t);
DEFINE_CLEANUP(struct tier_capacity *, tier_capacity_free);

/* What a round gives to each of its tiers. */
struct tier_capacity_round {
	struct db *db;
	const struct fleet *f;
	const struct events *events;
	int64_t fit_until_mono_ms; /* fits take a millisecond or few; those left wait */
};

struct tier_capacity_now {
	double value;       /* in force; 0: none */
	const char *source; /* "declared", "learned", "cautious", "none"; constant */
	char note[192]; /* of a sentence, behind the figure: ", learned"; or why there is
			   none */
};

/*
 * Takes the minute, if it is a new one, and says what is in force. demand is the whole
 * tier's, NaN when there is none that can be trusted. Records events: capacity-changed,
 * capacity-contradicted (the declared one is far from what is learned).
 */
void tier_capacity_step(struct tier_capacity *t, const struct tier_capacity_round *r,
			const struct fleet_tier *ft, double demand,
			struct tier_capacity_now *ret);

/* {"used","value","low","high","model","points","why","cautious","changed"}; changed is
 * of the last day. */
json_t *tier_capacity_json(const struct tier_capacity *t, int64_t now_ms);

/* As tier_model_take_state(). */
bool tier_capacity_take_state(struct tier_capacity *t, char *stack, char *tier,
			      int64_t now_ms, struct db_model_state *ret);

#endif
