/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - whether a tier is eligible for the next mode, by a backtest on its own
 * history.
 *
 * It is, if on enough history the model met the promised risk at no higher cost than
 * reactive scaling that met it too, and the backtest is recent and used the tier's
 * present settings. A promise that is met exactly is exceeded half of the time by chance,
 * so a share of time up to the 95 % quantile of the share of short lead times meets it
 * (normal approximation of the binomial). The backtest plays the mode that is promoted
 * into, within the tier's bounds: what keeps it short is named. In mode out an instance
 * more than reactive scaling at the peak costs no more by chance. With a price, no risk
 * is promised: instances and minutes short of capacity together must cost no more than
 * with reactive scaling.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef CONTROLLER_REPLAY_VERDICT_H
#define CONTROLLER_REPLAY_VERDICT_H

#include "db.h"
#include "judge.h"

#include <stdbool.h>
#include <stdint.h>

#define VERDICT_FRESH_MS (3600 * 1000LL)         /* a backtest is valid for so long */
#define VERDICT_OUT_MS (2 * 24 * 3600 * 1000LL)  /* history required to scale out */
#define VERDICT_AUTO_MS (7 * 24 * 3600 * 1000LL) /* to scale in as well: a full week */

/* The tier as it is now. */
struct verdict_tier {
	enum db_mode mode;
	bool stateful;
	double risk, price, capacity; /* price above 0: replaces the risk */
	double action_price;
	int64_t dwell_ms, lead_ms;
	uint64_t terms; /* a digest of all else that it is played under */
};

/*
 * The result of a backtest, and its settings. Shares of time; costs relative to the
 * optimum's.
 */
struct verdict_report {
	int64_t at_ms; /* when it was run; 0: never */
	int64_t history_ms,
		played_ms; /* all history, and the backtested part at its end */
	int64_t boot_ms, dwell_ms;
	double risk, price,
		capacity;     /* price: instance-hours per minute short of capacity */
	double action_price;  /* instance-minutes */
	double optimum_hours; /* instance-hours that costs are relative to */
	double short_share, cost;
	double reactive_short, reactive_cost;
	uint64_t terms;
	enum db_mode mode;                /* that was played */
	double bound_short[JUDGE_BOUNDS]; /* of the time, by the bound that kept it so */
	double floor_cost; /* what its minimums cost over what demand needs */
	int64_t needed;    /* instances, at most */
	int64_t max, room; /* instances; room < 0: for all of them */
};

struct verdict {
	bool promote;
	enum db_mode to;
	char why[480]; /* a clause without a full stop */
};

/* The next higher mode; auto stays auto. */
enum db_mode verdict_next(enum db_mode mode);

/*
 * Whether the report is recent and used the tier's present settings; otherwise a new
 * backtest is needed.
 */
bool verdict_is_fresh(const struct verdict_tier *t, const struct verdict_report *r,
		      int64_t now_ms);

void verdict_give(const struct verdict_tier *t, const struct verdict_report *r,
		  enum db_mode to, int64_t now_ms, struct verdict *ret);

#endif
