/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model.h - the decision model of one tier and its policy (predictor/policy),
 * kept from tick to tick and over restarts.
 *
 * It learns the tier's recorded demand minute by minute. It is loaded from the database
 * at start, and retrained from the recorded history when there is none, when older
 * history was imported, or when its lead time changed; and once a day while its decisions
 * are not acted on, since then nothing steers the price of a short minute; and when the
 * capacity is far from the one that the price was found for, such as a first guess. Other
 * settings need no retraining.
 *
 * It is trained on demand without events: demand is divided by their effect
 * (event_effects.h), and the model is retrained when that is known better. Its forecast
 * is multiplied by the effect of coming events.
 *
 * Where the demand of another tier of the stack makes it better, the forecast follows
 * that tier (following.h).
 */
#ifndef CONTROLLER_TIERS_DECISION_MODEL_H
#define CONTROLLER_TIERS_DECISION_MODEL_H

#include "db.h"
#include "demand.h"
#include "event_effects.h"
#include "policy.h"
#include "tiers.h"

struct tier_model;

struct tier_model *tier_model_new(void);
void tier_model_free(struct tier_model *t);
DEFINE_CLEANUP(struct tier_model *, tier_model_free);

/*
 * A round over all tiers. Retraining takes some 200 ms per tier, and 60 ms for each other
 * one that it is tried to follow; at most half a second per round, the rest is done in
 * the next one.
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

/* A tier of the same stack, whose demand may lead the tier's own. */
struct tier_front {
	const char *name;
	const struct tier_events *events; /* NULL: none */
};

/* The tier that a forecast follows. */
struct tier_follows {
	const char *tier; /* valid until the model's next update; NULL: none */
	int64_t ahead_ms; /* by which its demand leads */
	double gain;     /* of the forecast's loss, by following: 0.18 is lower by 18 % */
	int64_t over_ms; /* over so long a time */
};

/* What the bands of demand_bands kept lately; NaN while too little is known. */
struct tier_promise {
	int64_t lead_ms;
	double coverage[DEMAND_BANDS];
};

struct tier_forecast {
	bool known; /* false: less than twenty minutes of demand are recorded; the rest is
		       0 */
	struct demand_source source; /* of the forecast within the lead time */
	bool is_vetoed;              /* what came contradicts its level; why: veto */
	struct veto_reason veto;
	enum demand_fallback allowed; /* the level that is used */
	double level;       /* probability that the need suffices for a lead time */
	double short_share; /* of the minutes lately */
	int64_t fed_ms;     /* end of the last minute learned */
	struct tier_promise promise; /* within the lead time */
	struct tier_follows follows; /* by tier_model_fill() */
};

/* How the tier is seen at present, for tier_model_update(). */
struct tier_view {
	const struct db_tier *tier; /* with the capacity in force */
	const struct db_pool *pool; /* NULL: not known */
	int64_t lead_ms;            /* calendar */
	double lead_spread;         /* of the logarithm */
	int64_t offset_ms;          /* present offset of the stack's zone from UTC */
	const struct tier_events *events; /* NULL: none; used during the call only */
	int64_t served; /* instances; < 0: their number was not decided here */
	bool is_bound;  /* it was a minimum's */
	const struct policy_bounds *bounds; /* in force; NULL: none */
	const struct calendar *calendar;    /* the schedules; NULL: none */
	const struct tz *zone;              /* whose clock they follow; NULL: UTC */
	const struct tier_front *fronts; /* [n_fronts] all tiers of the stack, itself too;
					    used during the call only */
	size_t n_fronts;
};

/*
 * Brings the model up to date. A model that waits for retraining is used as it was, or
 * unknown.
 */
int tier_model_update(struct tier_model *t, struct tier_round *r,
		      const struct tier_view *v, struct tier_forecast *ret,
		      struct err *err) MUST_CHECK;

/* Fills in what is forecast, when the forecast is known, and its level. */
void tier_model_fill(struct tier_model *t, const struct policy_events *events,
		     struct decide_input *in, struct tier_forecast *f);

/* Which tiers it was tried to follow, as following_json(). */
json_t *tier_model_tried_json(const struct tier_model *t);

#define TIER_MODEL_STATES 2

/*
 * When the model changed since the last call: how many there are to save, in ret; the
 * caller frees their data, their names are the given ones.
 */
size_t tier_model_take_state(struct tier_model *t, char *stack, char *tier,
			     int64_t now_ms,
			     struct db_model_state ret[TIER_MODEL_STATES]);

#endif
