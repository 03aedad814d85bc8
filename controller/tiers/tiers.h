/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tiers.h - decides how many instances each tier should have: measures its demand, learns
 * its lead time, capacity and events, forecasts and decides. Keeps from tick to tick what
 * that needs.
 */
#ifndef CONTROLLER_TIERS_TIERS_H
#define CONTROLLER_TIERS_TIERS_H

#include "current_events.h"
#include "event_effects.h"
#include "events.h"
#include "fleet.h"
#include "lead.h"
#include "policy.h"
#include "rule.h"

struct tiers;

/* The settings of a tier's policy, planned for this lead time. pool: the tier's; NULL:
 * not known. */
struct policy_settings tier_policy_settings(const struct db_tier *tier,
					    const struct db_pool *pool, int64_t lead_ms);

struct tiers *tiers_new(struct db *db);
void tiers_free(struct tiers *t);
DEFINE_CLEANUP(struct tiers *, tiers_free);

struct tiers_context {
	const struct events *events;
	const char *distrust; /* why nothing may be scaled in now; NULL: it may */
	int64_t tick_ms;      /* calendar */
	bool only_new;        /* decide tiers that were never decided, leave the others */
};

/*
 * Measures, forecasts and decides; sets desired, desired_since_ms, explanation_json and
 * updated_ms of the fleet's tiers and writes them. If a tier cannot be measured or
 * forecast, it is decided without, and its explanation says so.
 */
int tiers_decide(struct tiers *t, struct fleet *f, const struct tiers_context *ctx,
		 struct err *err) MUST_CHECK;

/*
 * A trial: decides one tier at simulated moments, as tiers_decide() would have with
 * models trained on the history before them. Nothing is measured, recorded, saved or
 * shown. One thread at a time, any; tiers_free() frees it.
 */
struct tiers *tiers_new_trial(struct db *db);

struct tiers_moment {
	double demand;           /* NaN: none measured */
	int64_t demand_at_ms;    /* of the newest measured */
	struct lead lead;        /* lead time to plan for */
	int64_t ending, overdue; /* as of struct decide_input */
	int64_t budget;          /* likewise; < 0: none */
	const char *budget_name;
	int64_t tick_ms;
};

/*
 * Decides at f->now_ms, with the holds and pools of f, and settings, instances and last
 * decision of ft. The tiers of f are those of its stack; ft may follow them, by their
 * recorded demand.
 * Call it with moments in order of time.
 */
void tiers_try(struct tiers *trial, struct fleet *f, struct fleet_tier *ft,
	       const struct tiers_moment *m, struct decide_plan *ret);

enum tier_problem {
	TIER_MISSING, /* a part of the demand is */
	TIER_VETOED,  /* the forecast is contradicted by what comes */
	TIER_PROBLEMS
};

/*
 * "the demand of shop/web is not whole: no samples of requests{source="b"} for 4m; ...":
 * of the first tier that has it; false when none has. The tick's thread.
 */
bool tiers_problem(const struct tiers *t, enum tier_problem kind, char *text,
		   size_t size);

/* Whether models are left to be trained: decide again soon. */
bool tiers_want_more(const struct tiers *t);

/*
 * {"demand":{..},"lead":{..},"fallback_level":..,..} of the last tick; NULL: none yet.
 * The caller owns it. Safe from any thread, as are all but tiers_decide().
 */
json_t *tiers_live(struct tiers *t, const char *stack, const char *tier);

#endif
