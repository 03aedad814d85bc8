/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_list.h - what is kept of each tier from tick to tick: its parsed expression, its
 * models, the state of its decisions and what the API shows of it.
 *
 * The tick's thread adds and removes tiers; tier_list_live() is safe from any thread.
 */
#ifndef CONTROLLER_TIERS_TIER_LIST_H
#define CONTROLLER_TIERS_TIER_LIST_H

#include "db.h"
#include "decision_model.h"
#include "event_effects.h"
#include "instance_capacity.h"
#include "metrics.h"
#include "rule.h"
#include "tiers.h"

#include <jansson.h>
#include <pthread.h>

struct tier {
	char *stack, *name;
	char *expression; /* that demand is the parsed form of */
	struct metrics_expr *demand;
	char *refused;    /* why it cannot be parsed; NULL */
	int64_t turn;     /* the round in which it was evaluated last */
	int64_t waits_ms; /* for its turn, since; 0: it does not */
	struct tier_model *model;
	struct tier_capacity *capacity;
	struct decide_state state;
	struct policy_noise noise;     /* of one tick's demand */
	char *problems[TIER_PROBLEMS]; /* as told; NULL */
	bool is_outside;     /* what is missing is a source that a person can end */
	size_t spare;        /* as of deciding_spare() in the last decision */
	bool is_bound;       /* the last decision was a minimum's */
	int64_t measured_ms; /* newest sample of the last demand */
	int64_t recorded_ms; /* of the last recorded decision */
	enum decide_binding binding; /* of it */
	struct tier_events *events;  /* NULL: none */
	uint64_t events_serial;      /* of the catalog's list that they were read from */
	json_t *live;                /* under the list's lock */
	bool is_used;
};

struct tier_list {
	pthread_mutex_t lock; /* of v, n and the tiers' live */
	struct tier **v;      /* by stack and name */
	size_t n;
	size_t next_save; /* index into v */
};

void tier_list_init(struct tier_list *l);
void tier_list_done(struct tier_list *l);

/* Added when it is new; marks it as used. */
struct tier *tier_list_get(struct tier_list *l, const struct db_tier *of);

/* Drops the tiers that were not used since the last call. */
void tier_list_forget_unused(struct tier_list *l);

/* Saves what at most max tiers learned since they were last saved, in turn. */
int tier_list_save(struct tier_list *l, struct db *db, size_t max, int64_t now_ms,
		   struct err *err) MUST_CHECK;

/* Takes ownership of live. */
void tier_list_set_live(struct tier_list *l, struct tier *t, json_t *live);
/* A copy, owned by the caller; NULL: none yet. */
json_t *tier_list_live(struct tier_list *l, const char *stack, const char *name);

#endif
