/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deciding.h - one tier's decision in the making, and its steps.
 */
#ifndef CONTROLLER_TIERS_DECIDING_H
#define CONTROLLER_TIERS_DECIDING_H

#include "tier_list.h"
#include "tiers.h"

struct tiers {
	struct db *db;
	struct tier_round round;
	struct tier_capacity_round capacities;
	struct metrics_turns measure; /* of the round, for capacities */
	size_t first_measured;        /* the tier that waited in an earlier round */
	struct tier_list tiers;
	int64_t measure_until_mono_ms; /* of the round */
	int64_t turn;                  /* counts the rounds */
	bool is_trial;                 /* nothing of it is saved */
	struct tier_front *fronts; /* of the round's fleet, in its order; NULL: none */
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
	double evidence; /* of the demand, beyond the noise of one tick's count; NaN: none
			  */
	char missing[256];                    /* which part of the demand is */
	int64_t missing_ms;                   /* for how long; INT64_MAX: always */
	bool is_outside;                      /* no agent of ours reports it */
	const struct fleet_tier *siblings;    /* whose instances are looked at */
	char why[160];                        /* of the forecast's fallback level */
	char pool[64], pool_note[160];        /* of the budget */
	char yields_to[140], takes_from[140]; /* tiers */
};

/* After deciding_fill(): how many instances it may give up to a higher priority. */
size_t deciding_spare(const struct deciding *d);
/* After place_find_room(): what the pool has room for. highest: priority of a tier. */
void deciding_fill_room(struct deciding *d, int64_t highest);

/* Fills in what is neither measured nor forecast, except the capacity. */
void deciding_fill(struct tiers *ts, struct deciding *d);

/*
 * Measures the demand of n tiers; NaN when there is none, with at_ms 0. record [n]: what
 * the models are to learn. Expressions that are dear to evaluate share a bounded time:
 * those that have waited longest come first, the rest have no demand in this round. What
 * one costs is found out by evaluating it for a short time.
 */
void deciding_measure(struct tiers *ts, struct deciding *d, struct db_demand *record,
		      size_t n);

/* Tells of the part of the demand that is missing, once it is for long, and when it is
 * back. */
void deciding_tell_missing(struct deciding *d);
/* The same of a forecast that is contradicted. */
void deciding_tell_veto(struct deciding *d);

/*
 * After deciding_measure(): learns from the demand, and fills in the capacity in force.
 */
void deciding_fill_capacity(struct tiers *ts, struct deciding *d);

/* Updates the tier's events from the catalog; measures those that have ended. */
int deciding_read_events(struct tiers *ts, struct deciding *d,
			 struct err *err) MUST_CHECK;
/* The same without changes to the database. */
void deciding_list_events(struct tiers *ts, struct deciding *d);

void deciding_forecast(struct tiers *ts, struct deciding *d);

/*
 * Adds a row for the decision, if it is a new one or the last row is an hour old.
 *   before  the state before the decision
 */
int deciding_record(struct tiers *ts, struct deciding *d,
		    const struct decide_state *before, struct err *err) MUST_CHECK;

/* Records desired and healthy instances and capacity of n tiers as series. */
int deciding_record_series(struct tiers *ts, const struct deciding *d, size_t n,
			   struct err *err) MUST_CHECK;

#endif
