/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tick.h - the thread that decides: it observes the fleet, decides how many instances
 * each tier should have, and records and publishes what follows.
 *
 * A full round, every tick and after a user's change, decides all tiers, then updates
 * units, schedules and the pools' desired counts. A short round, when the store or a pool
 * changed, does the same without deciding again. Each starts from what is observed, never
 * from what the last one intended. Drivers are called by the pools' workers only.
 */
#ifndef CONTROLLER_TICK_TICK_H
#define CONTROLLER_TICK_TICK_H

#include "clock.h"
#include "events.h"
#include "fleet.h"
#include "pools.h"
#include "store.h"

#include <jansson.h>

struct tick;

struct tick_opts {
	int64_t tick_ms; /* calendar: from one full round to the next */
	struct observer_opts observer;
	struct clock_wait care; /* nothing is scaled in meanwhile: the database was
				   restored and may be old */
	void (*begin_round)(void *arg); /* called first in each round; may be NULL */
	void *arg;
	int64_t settle_ms; /* real: pokes within it make one round; below 1000 */
	struct db *db;
	const struct events *events;
	struct view *view;
	const struct store_opts *store;
	struct sched *pools; /* poked with a pool's name when it has to act */
	struct rights_opts rights;
	struct store_users *users; /* who has them at an etcd; NULL: the built-in store */
};

/* opts and what it points to must outlive the tick. */
int tick_start(const struct tick_opts *opts, struct tick **ret,
	       struct err *err) MUST_CHECK;
/* Waits for the running round; none follows. The calls below still work. */
void tick_halt(struct tick *t);
void tick_free(struct tick *t); /* halts it first */
DEFINE_CLEANUP(struct tick *, tick_free);

/* Runs a round soon; full: with all decisions. Safe from any thread; does not block. */
void tick_poke(struct tick *t, bool full);

/*
 * {"last","duration_ms","period_ms","rounds"} and the problems: [{"kind","message",
 * "since"}]. duration_ms: until its decisions were made and published; what is tidied up
 * after them is not in it. The caller owns both. Safe from any thread.
 */
void tick_status(struct tick *t, json_t **ret_tick, json_t **ret_problems);

/* Real: for how long the thread has been in one round; 0: it waits for the next. */
int64_t tick_busy_ms(struct tick *t);

/* For tests: whether no round runs or was asked for; how many there were. */
bool tick_is_idle(struct tick *t, int64_t *ret_rounds);

/* See tiers_live(). */
json_t *tick_tier_live(struct tick *t, const char *stack, const char *tier);

#endif
