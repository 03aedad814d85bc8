/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * round.h - one round of the tick, and what is kept from round to round.
 */
#ifndef CONTROLLER_TICK_ROUND_H
#define CONTROLLER_TICK_ROUND_H

#include "budgets.h"
#include "ledger.h"
#include "problems.h"
#include "rollout.h"
#include "tick.h"
#include "tiers.h"

/* Kept from round to round. */
struct tick_parts {
	const struct tick_opts *o;
	struct problems problems;
	struct store_sync *store;
	struct observer *observer;
	struct failing *failing;
	struct roll_outs *roll_outs;
	struct catalog *catalog;
	struct tiers *tiers;
	struct ledger *ledger;
	struct budgets *budgets;
	struct place_moves *moves;
	struct rights *rights;
	struct registrations *registrations;
	int64_t registered_ms; /* real: when registrations are compared next */
};

/* All but the store, which the caller opens. */
void tick_parts_init(struct tick_parts *p, const struct tick_opts *o);
void tick_parts_done(struct tick_parts *p);

struct round {
	struct tick_parts *parts;
	bool full;
	struct fleet *f;
	struct view_snapshot view;
	struct observed seen;
	struct place_result placed;
};

/* r->view must have a copy. */
int round_run(struct round *r, struct err *err) MUST_CHECK;
void round_done(struct round *r);

/* ---- desired_hosts.c */

/* Lowers the desired count of pools by their hosts that are not needed. */
void lower_desired(struct round *r);

/* Writes the pools' desired counts, and pokes workers that have to act. */
int want_hosts(struct round *r, struct err *err) MUST_CHECK;

/* Terminates drained hosts and hosts that are not needed. */
int terminate_unneeded_hosts(struct round *r, struct err *err) MUST_CHECK;

#endif
