/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model.h - the decision model of one tier, kept from tick to tick and over
 * restarts.
 *
 * It is fed the tier's recorded demand minute by minute. It is read back from the
 * database at start, and learned anew from the recorded history when there is none, when
 * older history was imported, or when what it is for (its lead times, its risk or price)
 * changed.
 *
 * It lives in demand without events: it is fed demand divided by what events did
 * (event_effects.h), and learned anew when that comes to be known better. What it answers
 * is for the caller to multiply.
 */
#ifndef CONTROLLER_TIERS_DECISION_MODEL_H
#define CONTROLLER_TIERS_DECISION_MODEL_H

#include "db.h"
#include "demand.h"
#include "event_effects.h"

struct tier_model;

struct tier_model *tier_model_new(void);
void tier_model_free(struct tier_model *t);
DEFINE_CLEANUP(struct tier_model *, tier_model_free);

/*
 * A round over all tiers: learning anew takes tens of milliseconds a tier, and a round
 * spends half a second on it. What is left over is learned in the next one.
 */
struct tier_round {
	struct db *db;
	int64_t now_ms;
	int64_t learn_until_mono_ms;
	bool is_behind; /* models are left to be learned: a round soon is worth it */
	bool is_trial;
};

void tier_round_begin(struct tier_round *r, struct db *db, int64_t now_ms);
/* One outside of a tick: models are learned from the recorded history alone, never read
 * back, and at once, however long it takes. */
void tier_round_begin_trial(struct tier_round *r, struct db *db, int64_t now_ms);

/* The demand is forecast over two times: the lead time, and that and the dwell. */
enum { TIER_NEAR, TIER_FAR, TIER_LEADS };

/* What the bands of demand_bands kept lately; NaN while too little is known. */
struct tier_promise {
	int64_t lead_ms;
	double coverage[DEMAND_BANDS];
};

struct tier_forecast {
	bool known; /* false: less than twenty minutes of demand are recorded; the rest is
		       0 */
	struct demand_decision within_lead; /* the largest demand within the lead time */
	double upper_dwell; /* the same quantile, within lead time and dwell together */
	int64_t fed_ms;     /* end of the last minute that it knows */
	struct tier_promise promise[TIER_LEADS];
};

/*
 * Brings the model up to date and asks it. One that is to be learned anew and whose turn
 * has not come answers as it was, or is not known.
 *   lead_ms    lead time to look over, calendar
 *   offset_ms  distance of the stack's local clock from UTC now
 *   events     the tier's; NULL: none; used during the call only
 */
int tier_model_forecast(struct tier_model *t, struct tier_round *r,
			const struct db_tier *tier, int64_t lead_ms, int64_t offset_ms,
			const struct tier_events *events, struct tier_forecast *ret,
			struct err *err) MUST_CHECK;

/*
 * What to keep in the database, when it changed since the last call: then true, and ret's
 * data is the caller's to free(); its names are those that were given.
 */
bool tier_model_take_state(struct tier_model *t, char *stack, char *tier, int64_t now_ms,
			   struct db_model_state *ret);

#endif
