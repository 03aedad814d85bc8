/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model.h - the decision model of one tier, kept from tick to tick and over
 * restarts.
 *
 * It learns the tier's recorded demand minute by minute. It is loaded from the database
 * at start, and retrained from the recorded history when there is none, when older
 * history was imported, or when its lead times, risk or price changed.
 *
 * It is trained on demand without events: demand is divided by their effect
 * (event_effects.h), and the model is retrained when that is known better. The caller
 * multiplies its forecast by the effect of coming events.
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
 * A round over all tiers. Retraining takes tens of milliseconds per tier, at most half a
 * second per round; the rest is done in the next one.
 */
struct tier_round {
	struct db *db;
	int64_t now_ms;
	int64_t learn_until_mono_ms;
	bool is_behind; /* models are left to be trained: run a round soon */
	bool is_trial;
};

void tier_round_begin(struct tier_round *r, struct db *db, int64_t now_ms);
/*
 * A round outside of the tick: models are trained from the recorded history only, never
 * loaded, and without a time limit.
 */
void tier_round_begin_trial(struct tier_round *r, struct db *db, int64_t now_ms);

/*
 * The demand is forecast for two times: the lead time, and lead time and dwell together.
 */
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
	int64_t fed_ms;     /* end of the last minute learned */
	struct tier_promise promise[TIER_LEADS];
};

/*
 * Brings the model up to date and forecasts. A model that waits for retraining is used as
 * it was, or unknown.
 *   lead_ms    lead time, calendar
 *   offset_ms  present offset of the stack's time zone from UTC
 *   events     the tier's; NULL: none; used during the call only
 */
int tier_model_forecast(struct tier_model *t, struct tier_round *r,
			const struct db_tier *tier, int64_t lead_ms, int64_t offset_ms,
			const struct tier_events *events, struct tier_forecast *ret,
			struct err *err) MUST_CHECK;

/*
 * When the model changed since the last call: true, and *ret is what to save; the caller
 * frees ret's data, its names are the given ones.
 */
bool tier_model_take_state(struct tier_model *t, char *stack, char *tier, int64_t now_ms,
			   struct db_model_state *ret);

#endif
