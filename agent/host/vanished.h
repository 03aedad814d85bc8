/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vanished.h - records that went without a word from their owner: kept, or let go.
 *
 * Many services do not end at one moment by themselves; their leases do, when their
 * hosts are cut from the store, when the store was stopped, or when somebody empties it.
 * So, as with Envoy's panic threshold: when more than half of the records of one group
 * (those of one service: the keys of one folder) vanished within VANISHED_WINDOW_MS,
 * all of them are kept for keep_ms. They are let go when as many as before are there
 * again, or at least half for VANISHED_CALM_MS. Who uses the list checks its servers
 * itself.
 *
 * Fewer are let go after VANISHED_SETTLE_MS, in which others may follow. A record that
 * its owner withdrew (withdrawal.h) does not come here.
 *
 * Pure: the copy that the records are in is the caller's, and so is the clock, which
 * should stand still while the store cannot be watched.
 */
#ifndef AGENT_HOST_VANISHED_H
#define AGENT_HOST_VANISHED_H

#include "cleanup.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VANISHED_SETTLE_MS 250
#define VANISHED_WINDOW_MS 30000
#define VANISHED_CALM_MS 10000

struct vanished;

enum vanished_act {
	VANISHED_DROP,    /* take it out of the copy */
	VANISHED_RESTORE, /* put it into the copy again */
};

struct vanished_opts {
	int64_t keep_ms;
	/* How many keys of the copy begin with group, those that are kept included. */
	size_t (*count)(void *arg, const char *group);
	void (*act)(void *arg, enum vanished_act act, const struct store_kv *kv);
	/* n of a group's records are kept from now on; or (n == 0) enough are there. */
	void (*told)(void *arg, const char *group, size_t n);
	void *arg;
};

struct vanished *vanished_new(const struct vanished_opts *o);
void vanished_free(struct vanished *v);
DEFINE_CLEANUP(struct vanished *, vanished_free);

/* The store has the record no more; the copy shall keep it until this says otherwise. */
void vanished_add(struct vanished *v, const struct store_kv *kv, int64_t now_ms);
/* It is in the store again, or its owner has withdrawn it. */
void vanished_forget(struct vanished *v, const char *key);
/* It is kept, or to be decided. */
bool vanished_has(const struct vanished *v, const char *key);
/* Decides what is due; false: there is nothing to look at again. */
bool vanished_settle(struct vanished *v, int64_t now_ms);

#endif
