/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - what served in each minute, put together from the rounds: what one round sees
 * holds until the next.
 *
 * In memory, and saved when the controller stops. Those that are open when it is killed
 * are lost, and so unknown to the ledger.
 */
#ifndef CONTROLLER_LEDGER_WATCH_H
#define CONTROLLER_LEDGER_WATCH_H

#include "fleet.h"
#include "metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTE_MS INT64_C(60000)

/* Sums over the part of a minute that was seen, in instances (or demand) times ms. */
struct watch_minute {
	int64_t start_ms;
	int64_t seen_ms;
	double served; /* demand: healthy instances at their capacity */
	double placed; /* instances that are on a host */
	double loaded; /* hosts, its share of those with units */
	/* of the rounds that measured a latency */
	double latency_s;
	int64_t n_latencies;
};

struct watch {
	char *stack, *tier;
	bool is_used, is_seen, is_loaded;
	double served, placed, loaded; /* since the last round */
	/* as last decided */
	double capacity; /* 0: not known */
	int64_t lead_ms, least, most;
	/* of a tier with a latency_max */
	char *latency_text;
	struct metrics_expr *latency;
	struct watch_minute *open; /* [n] by start */
	size_t n;
};

struct watch_list {
	struct watch **v; /* by stack and tier */
	size_t n;
	int64_t last_ms; /* the last round; 0: none */
	size_t first;    /* the tier whose latency waited in an earlier round */
};
void watch_list_done(struct watch_list *l);

/* The open minutes of all tiers, for the next start. */
int watch_save(const struct watch_list *l, struct db *db, int64_t now_ms,
	       struct err *err) MUST_CHECK;

/* Notes the latency of tiers that have a bound for it, in a round that decides them. */
void watch_latency(struct watch_list *l, struct db *db, const struct fleet *f);

/* Takes up what was saved of the tiers that are watched for the first time; before
 * now_ms.
 */
int watch_load(struct watch_list *l, struct db *db, int64_t now_ms,
	       struct err *err) MUST_CHECK;

/*
 * A round at f->now_ms. is_fresh: what it sees holds; gap_ms: for as long at most.
 * *ret_new: there are tiers that were not watched before. Tiers that are gone are
 * forgotten by a round that decides.
 */
void watch_round(struct watch_list *l, const struct fleet *f, bool is_fresh,
		 int64_t gap_ms, bool *ret_new);

struct watch *watch_find(const struct watch_list *l, const char *stack, const char *tier);
/* NULL: nothing was seen of that minute. */
const struct watch_minute *watch_minute(const struct watch *w, int64_t start_ms);
/* Forgets the minutes before. */
void watch_forget(struct watch_list *l, int64_t before_ms);

#endif
