/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deciding.h - one tier's decision in the making, and the steps that it is made in.
 */
#ifndef CONTROLLER_TIERS_DECIDING_H
#define CONTROLLER_TIERS_DECIDING_H

#include "tier_list.h"
#include "tiers.h"

struct tiers {
	struct db *db;
	struct tier_round round;
	struct tier_capacity_round capacities;
	struct tier_list tiers;
	int64_t measure_until_mono_ms; /* of the round */
	bool is_trial;                 /* nothing of it is kept in the database */
};

struct deciding {
	struct fleet *f;
	struct fleet_tier *ft;
	struct tier *t;
	const struct tiers_context *ctx;
	struct decide_input in;
	struct decide_plan plan;
	struct lead lead;
	struct tier_capacity_now capacity;
	struct tier_forecast forecast;
	char silent[160]; /* who ought to report and does not */
	char why[160];    /* of the forecast's fallback level */
};

/* All of the input that is neither measured nor forecast, but for the capacity. */
void deciding_fill(struct tiers *ts, struct deciding *d);

/*
 * The demand now; NaN when there is none, with at_ms then 0. *record is what the model
 * shall learn.
 */
void deciding_measure(struct tiers *ts, struct deciding *d, struct db_demand *record);

/* After the demand was measured: what is learned from it, and the capacity in force. */
void deciding_fill_capacity(struct tiers *ts, struct deciding *d);

/* The tier's events, as the catalog has them now; those that are over are measured. */
int deciding_read_events(struct tiers *ts, struct deciding *d,
			 struct err *err) MUST_CHECK;
/* As much of that as changes nothing in the database. */
void deciding_list_events(struct tiers *ts, struct deciding *d);

void deciding_forecast(struct tiers *ts, struct deciding *d);

/*
 * A row of the decision, when it is a new one or the last is an hour old.
 *   before  the state that it began with
 */
int deciding_record(struct tiers *ts, struct deciding *d,
		    const struct decide_state *before, struct err *err) MUST_CHECK;

/* What was decided and what there was of n tiers, as series beside the demand. */
int deciding_record_series(struct tiers *ts, const struct deciding *d, size_t n,
			   struct err *err) MUST_CHECK;

#endif
