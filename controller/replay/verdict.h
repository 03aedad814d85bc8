/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - whether a tier has earned the next mode, by a backtest on its own past.
 *
 * It has when, on enough of its past, the model kept the promised risk and was no dearer
 * than reactive scaling that kept it too, and the backtest is recent and of the tier as
 * it is set now. A promise that is kept exactly is found broken half of the time, so it
 * counts as kept up to what chance explains: the 95 % quantile of the share of lead times
 * that fall short (normal approximation of the binomial). Where a price was set, no risk
 * is promised: the instances and the short minutes together must cost no more than
 * reactive scaling's.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef CONTROLLER_REPLAY_VERDICT_H
#define CONTROLLER_REPLAY_VERDICT_H

#include "db.h"

#include <stdbool.h>
#include <stdint.h>

#define VERDICT_FRESH_MS (3600 * 1000LL)         /* a backtest counts for so long */
#define VERDICT_OUT_MS (2 * 24 * 3600 * 1000LL)  /* of history, to scale out */
#define VERDICT_AUTO_MS (7 * 24 * 3600 * 1000LL) /* to scale in as well: a whole week */

/* The tier as it is now. */
struct verdict_tier {
	enum db_mode mode;
	bool stateful;
	double risk, price, capacity; /* price above 0: in place of the risk */
	int64_t lead_ms;
};

/* What was found, and what was asked. Shares of time; costs over the optimum's. */
struct verdict_report {
	int64_t at_ms; /* when it was made; 0: never */
	int64_t history_ms,
		played_ms; /* all that was known, and its end that was played */
	int64_t boot_ms;
	double risk, price, capacity; /* price: instance-hours a short minute */
	double optimum_hours;         /* instance-hours that costs are over */
	double short_share, cost;
	double reactive_short, reactive_cost;
};

struct verdict {
	bool promote;
	enum db_mode to;
	char why[320]; /* a clause without a full stop */
};

/* The mode above; auto stays auto. */
enum db_mode verdict_next(enum db_mode mode);

/* Whether the report still is of this tier, and recent: if not, only a new one can tell.
 */
bool verdict_is_fresh(const struct verdict_tier *t, const struct verdict_report *r,
		      int64_t now_ms);

void verdict_give(const struct verdict_tier *t, const struct verdict_report *r,
		  enum db_mode to, int64_t now_ms, struct verdict *ret);

#endif
