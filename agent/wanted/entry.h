/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * entry.h - inside of wanted: wanted.c decides, saved.c keeps what is
 * known on disk and fetches texts.
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
	struct store_call *fetch;
	struct loop_timer *fetch_again;
	char *registered_hash;       /* whose services the registrator has */
	bool leaving;                /* no longer in the schedule */
	bool active, starting;       /* told to confd */
	bool loaded;                 /* told to the units backend */
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
	bool known; /* there is a schedule, from the store or the disk */
	struct loop_timer *look;
	struct loop_timer *publish;
	int64_t published_mono_ms;
};

/* Finds the text on disk, or asks the store for it; wanted_poke() when it comes. */
void entry_find_text(struct entry *e);
/* Writes the schedule down, and forgets texts that it does not name. */
void wanted_save(const struct wanted *w, const struct schedule *s);
/* NULL when there is none. */
struct schedule *wanted_restore(const struct wanted *w);

#endif
