/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry.h - the series in memory, each an entry with its newest samples.
 *
 * Entries change only under the writer's lock and, besides, under lock, so the writer may
 * read them without lock and everybody else with it. lock is taken after the writer's and
 * never held across SQL, nor for longer than a millisecond for what a person asks.
 */
#ifndef DB_SAMPLES_REGISTRY_H
#define DB_SAMPLES_REGISTRY_H

#include "quota.h"
#include "samples.h"
#include "series_index.h"
#include "sql.h"

#include <pthread.h>
#include <stdatomic.h>

#define DAY_MS ((int64_t)86400000)
#define DEMAND_NAME "foretide_demand"

struct db_entry {
	int64_t id;
	struct db_entry *next; /* of the same slot */
	const char *name;      /* in the index, shared by all of that name */
	int64_t first_ms, last_ms;
	int64_t ended_ms;  /* nobody waits for a sample after this one; 0: not ended */
	int64_t packed_to; /* time of the last sample in chunks; INT64_MIN: none */
	struct db_sample *head;
	uint32_t n, cap;
	uint32_t n_packed; /* of head, from its start, that are in chunks too */
	uint32_t hash;
	uint8_t kind;    /* enum db_series_kind; of a million series each byte counts */
	bool fresh;      /* created in the open transaction */
	bool deleted;    /* its rows were deleted */
	bool ephemeral;  /* has a host label: deleted once its host is long gone */
	bool is_answer;  /* DB_ANSWER_NAME */
	bool is_dropped; /* is being removed */
	char labels[];
};

struct db_metrics {
	pthread_mutex_t lock;    /* db_registry_lock() */
	atomic_size_t n_locking; /* for lock */
	uint64_t n_passed;       /* of those, had it */
	pthread_cond_t passed;
	struct db_limits limits;
	struct quota quota;
	struct db_entry **v; /* by id, ascending */
	size_t n, cap;
	struct db_entry **slots; /* by hash of name and labels */
	size_t n_slots;
	struct db_series_index index;
	uint64_t generation;        /* grows when series are removed */
	uint64_t epoch;             /* grows when their ids may be given again */
	int64_t rolled_to;          /* days before this are rolled up */
	bool rolled_saved;          /* it is in the database */
	atomic_uint_fast64_t moves; /* of samples from memory to disk; grows under lock */
	size_t n_waiting;           /* samples since the last pass of packing began */
	/* state of db_maintain(), used by its thread only */
	bool packing;
	int64_t pack_at_ms;  /* the next pass */
	int64_t pack_cut;    /* journal rows up to this id are deleted after the pass */
	size_t pack_pos;     /* next entry */
	int64_t roll_series; /* last series of the day that was rolled up */
	int64_t prune_at_ms;
	unsigned prune_step;
	int64_t prune_series; /* last one checked */
};

const char *db_series_kind_name(enum db_series_kind k);

/* Its end is pthread_mutex_unlock(). */
void db_registry_lock(struct db_metrics *m);
/* Between two slices of long work, under lock: those who wait for it now have it first.
 * Without this the one who works takes it again before they have woken. */
void db_registry_let_pass(struct db_metrics *m);

struct db_entry *db_entry_by_id(struct db_metrics *m, int64_t id);
struct db_entry *db_entry_find(struct db_metrics *m, const char *name,
			       const char *labels);
/* Adds an entry. Under both locks. */
struct db_entry *db_entry_add(struct db_metrics *m, int64_t id, const char *name,
			      const char *labels, enum db_series_kind kind);
/* Removes and frees those of [from, to) for which drop returns true. Under both locks. */
void db_entries_drop(struct db_metrics *m, size_t from, size_t to,
		     bool (*drop)(const struct db_entry *e));
/* Removes the entries of a transaction that was rolled back. Takes lock itself. */
void db_entries_drop_fresh(struct db_metrics *m);
/* Index of the first entry with a larger id; m->n when there is none. */
size_t db_entries_after(const struct db_metrics *m, int64_t id);

/* The part of an entry that readers need, copied under the lock. */
struct db_entry_view {
	int64_t id;
	enum db_series_kind kind;
	bool demand;
	int64_t first_ms, last_ms;
	int64_t rolled_to;
};
/* Takes lock itself; false when there is no such series. */
bool db_entry_view(struct db *db, int64_t id, struct db_entry_view *ret);

/* An empty registry, and its end with all entries. */
struct db_metrics *db_registry_new(void);
void db_registry_free(struct db_metrics *m);

#endif
