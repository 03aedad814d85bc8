/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance_capacity.h - the capacity of one instance of a tier: declared, or learned from
 * the tier's own demand (predictor/capacity/capacity.h), or until then a cautious value.
 *
 * A declared capacity is always in force. Otherwise it is the lower end of the learned
 * interval, so that uncertainty costs instances rather than response time; and before
 * that is known, the cautious value. To ignore noise it is changed only by more than a
 * tenth, or when it is above the present estimate. Once learned it stays until another is
 * learned or a change is detected.
 *
 * A minute is used only if all instances are healthy, none is draining, and their number
 * has been constant for two minutes.
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

/* What the tiers of a round share. */
struct tier_capacity_round {
	struct db *db;
	const struct fleet *f;
	const struct events *events;
	int64_t fit_until_mono_ms;     /* a fit takes a few milliseconds; the rest wait */
	struct metrics_turns *measure; /* of expressions for utilisation and latency */
};

struct tier_capacity_now {
	double value;       /* in force; 0: none */
	const char *source; /* "declared", "learned", "cautious", "none"; constant */
	char note[192]; /* follows the figure in a sentence: ", learned"; or why there is
			   none */
};

/*
 * Learns from the minute, if it is a new one, and returns what is in force. demand is the
 * entire tier's, NaN when it is unknown or unreliable. Records events: capacity-changed,
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
