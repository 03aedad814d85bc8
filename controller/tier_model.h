/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_model.h - the decision models of the tiers, kept from tick to tick and over
 * restarts.
 *
 * A model is fed the tier's recorded demand minute by minute. It is read back from the
 * database at start, and learned anew from the recorded history when there is none, when
 * older history was imported, or when what it is for (its capacity, risk, step) changed.
 *
 * It lives in demand without events: it is fed demand divided by what events did
 * (tier_events.h), and learned anew when that comes to be known better. What it answers
 * is for the caller to multiply.
 */
#ifndef CONTROLLER_TIER_MODEL_H
#define CONTROLLER_TIER_MODEL_H

#include "db.h"
#include "demand.h"
#include "tier_events.h"

struct tier_models;

struct tier_models *tier_models_new(struct db *db);
void tier_models_free(struct tier_models *m);
DEFINE_CLEANUP(struct tier_models *, tier_models_free);

struct tier_forecast {
	bool known; /* false: less than an hour of demand is recorded; the rest is 0 */
	struct demand_decision within_lead; /* the largest demand within the lead time */
	double upper_dwell; /* the same quantile, within lead time and dwell together */
	int64_t fed_ms;     /* end of the last minute that it knows */
};

/*
 * A round begins: learning anew takes tens of milliseconds a tier, and a round spends
 * half a second on it. What is left over is learned in the next one.
 */
void tier_models_begin(struct tier_models *m);
/* Models are left to be learned: a round soon is worth it. */
bool tier_models_are_behind(const struct tier_models *m);

/*
 * Brings the tier's model up to date and asks it. One that is to be learned anew and
 * whose turn has not come answers as it was, or is not known.
 *   lead_ms    lead time to look over, calendar
 *   offset_ms  distance of the stack's local clock from UTC now
 *   events     the tier's; NULL: none; used during the call only
 */
int tier_models_forecast(struct tier_models *m, const struct db_tier *t, int64_t lead_ms,
			 int64_t offset_ms, int64_t now_ms,
			 const struct tier_events *events, struct tier_forecast *ret,
			 struct err *err) MUST_CHECK;

/* Forgets the models of tiers that were not asked for since the last call. */
void tier_models_sweep(struct tier_models *m);

/* Keeps in the database the models of at most max tiers that have changed, those first
 * whose turn is longest ago. */
int tier_models_save(struct tier_models *m, size_t max, int64_t now_ms,
		     struct err *err) MUST_CHECK;

#endif
