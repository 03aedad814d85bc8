/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * entry.h - one unit of the schedule, and the list of them.
 *
 * texts.c fetches and keeps the texts of units, saved.c the schedule, advance.c takes a
 * unit a step towards its scheduled state, publish.c publishes its state, and
 * wanted.c follows the schedule.
 */
#ifndef AGENT_WANTED_ENTRY_H
#define AGENT_WANTED_ENTRY_H

#include "schedule.h"
#include "store.h"
#include "wanted.h"

#define WANTED_MAGIC 0x77616e74u

struct entry {
	uint32_t magic;
	struct wanted *w;
	struct entry *next;
	struct schedule_unit u; /* as scheduled; strings are owned */
	char *text;             /* of u.hash; NULL: not here */
	bool kept;              /* on the disk, or about to be */
	struct store_call *fetch;
	struct loop_timer *fetch_again;
	char *registered_hash;       /* whose services the registrator has */
	bool leaving;                /* no longer in the schedule */
	bool active, starting;       /* reported to confd */
	bool loaded;                 /* loaded into the units backend */
	int64_t drain_until_mono_ms; /* 0: not draining */
	struct loop_timer *drain;
	bool drained;
	bool seen; /* while a schedule is applied */
};

struct wanted {
	uint32_t magic;
	struct loop *loop;
	struct wanted_opts o;
	char *host, *state_dir, *key, *states_key;
	struct store *store;
	struct lease *lease;
	struct mirror *mirror;
	struct entry *entries; /* by name */
	int64_t epoch;
	bool known;   /* there is a schedule, from the store or the disk */
	bool forgets; /* texts on the disk were removed, or are about to be */
	struct loop_timer *look;
	struct loop_timer *publish;
	int64_t published_mono_ms;
};

/* All units are looked at soon, from the loop. */
void wanted_look_soon(struct wanted *w);

/* The entry of that name, which is made if need be. */
struct entry *entry_of(struct wanted *w, const char *name, loop_timer_fn *on_fetch_again);
void entry_free(struct entry *e);
/* Copies what the schedule has for it. */
void entry_schedule(struct entry *e, const struct schedule_unit *u);

/* The files of its tier have been rendered. */
bool entry_may_start(const struct entry *e);
bool unit_is_up(const struct unit_status *s);
bool unit_is_stopped(const struct unit_status *s);

#endif
