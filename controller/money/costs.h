/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * costs.h - what tiers cost this month (UTC), from what the ledger entered, and what they
 * will have cost at its end.
 *
 * The rest of the month is expected to cost a day what the last complete days cost in the
 * mean, at most seven, without the one on which the stack began; before there is one,
 * what its hosts cost now.
 */
#ifndef CONTROLLER_MONEY_COSTS_H
#define CONTROLLER_MONEY_COSTS_H

#include "db.h"

#define COST_DAYS 31

struct cost_sums {
	double hour;            /* what its hosts cost an hour now */
	double today, month;    /* so far */
	double projected;       /* the whole month */
	int64_t paid_ms;        /* of hosts, this month, for which that was */
	double days[COST_DAYS]; /* of the month */
};

struct cost_tier {
	const char *stack;
	const char *tier; /* "": what no tier had */
	const char *currency;
	struct cost_sums sums;
};

struct costs {
	int64_t month_ms, next_month_ms; /* its beginning, and the next one's */
	int64_t through_ms;              /* entered up to this time; 0: nothing */
	size_t n_days;                   /* of the month that have begun */
	struct cost_tier *v;             /* [n] by stack, tier and currency */
	size_t n;
	struct db_cost_list rows; /* whose names they are */
};

/* stack: only of this one, or NULL. Reads 38 days at most. */
int costs_load(struct db *db, const char *stack, int64_t now_ms, struct costs *ret,
	       struct err *err) MUST_CHECK;
void costs_done(struct costs *c);
DEFINE_CLEANUP_OBJECT(struct costs, costs_done);

/* Adds what is of it to the sums. */
void cost_sums_add(struct cost_sums *to, const struct cost_sums *of);

#endif
