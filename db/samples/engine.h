/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - the series in memory, for the files of db/ only.
 *
 * Every series has an entry with its newest samples. Entries change only under the
 * writer's lock and, besides, under lock, so the writer may read them without lock and
 * everybody else with it. lock is taken after the writer's and never held across SQL.
 */
#ifndef DB_SAMPLES_ENGINE_H
#define DB_SAMPLES_ENGINE_H

#include "buf.h"
#include "samples.h"
#include "sql.h"

#define HEAD_KEEP_MS 180000
#define HEAD_KEEP 16u  /* packed samples that stay in memory for db_samples_recent() */
#define CHUNK_FILL 60u /* a chunk below this is gone on with */
#define CHUNK_MAX 240u /* samples of a chunk */
#define DAY_MS ((int64_t)86400000)
#define RES_1M ((int64_t)60000)
#define RES_5M ((int64_t)300000)
#define RES_1H ((int64_t)3600000)
#define DEMAND_NAME "foretide_demand"

struct db_entry {
	int64_t id;
	const char *name; /* behind this struct, in the same allocation */
	const char *labels;
	enum db_series_kind kind;
	bool fresh;     /* made in the transaction that is open */
	bool doomed;    /* its rows were deleted */
	bool ephemeral; /* has a host label: goes once its host is long gone */
	uint32_t hash;
	int64_t first_ms, last_ms;
	int64_t packed_to; /* time of the last sample in chunks; INT64_MIN: none */
	struct db_sample *head;
	uint32_t n, cap;
	uint32_t n_packed; /* of head, from its start, that are in chunks too */
};

struct db_metrics {
	pthread_mutex_t lock;
	struct db_limits limits;
	struct db_entry **v; /* by id, ascending */
	size_t n, cap;
	struct db_entry **slots; /* by hash of name and labels, open addressing */
	size_t n_slots;
	uint64_t generation; /* grows when series go */
	int64_t rolled_to;   /* days before this are rolled up */
	bool rolled_saved;   /* it is in the database */
	/* what db_maintain() is at; only its thread looks */
	bool packing;
	int64_t pack_at_ms;  /* the next pass */
	int64_t pack_cut;    /* journal rows up to this id go when the pass is over */
	size_t pack_pos;     /* next entry */
	int64_t roll_series; /* last series of the day that was rolled up */
	int64_t prune_at_ms;
	unsigned prune_step;
	int64_t prune_series; /* last one looked at */
};

/* series.c */
struct db_entry *db_entry_by_id(struct db_metrics *m, int64_t id);
struct db_entry *db_entry_find(struct db_metrics *m, const char *name,
			       const char *labels);
/* Makes the entry known. Under both locks. */
struct db_entry *db_entry_add(struct db_metrics *m, int64_t id, const char *name,
			      const char *labels, enum db_series_kind kind);
/* Takes entries out for which drop says so, and frees them. Under both locks. */
void db_entries_drop(struct db_metrics *m, bool (*drop)(const struct db_entry *e));
/* The entries that a transaction made that came to nothing. Takes lock itself. */
void db_entries_drop_fresh(struct db_metrics *m);
/* The first day that is rolled up once it is over; once, when samples first come. */
void db_rolled_init(struct db_metrics *m, int64_t now_ms);
/* Writes where rolling up is at, when it is not written yet. In a write transaction. */
int db_rolled_save(struct db_conn *c, const struct db_metrics *m,
		   struct err *err) MUST_CHECK;
const char *db_series_kind_name(enum db_series_kind k);

/* head.c: the samples in memory. Under both locks. */
/* False when there is one of that time. A packed one older than the head is left out. */
bool db_head_insert(struct db_entry *e, int64_t t_ms, double v);
void db_head_forget(struct db_entry *e, int64_t before_ms); /* packed ones only */
void db_head_packed(struct db_entry *e, uint32_t n); /* the first n unpacked are packed */

void db_samples_push(struct db_samples *s, int64_t t_ms, double v);
void db_samples_append(struct db_samples *s, const struct db_sample *v, size_t n);

/* chunk.c */
void db_chunk_encode(const struct db_sample *v, size_t n, struct buf *out);
int db_chunk_decode(const void *data, size_t len, struct db_samples *ret,
		    struct err *err) MUST_CHECK;
/* Appends samples of a series later than all its chunks. In a write transaction. */
int db_chunk_append(struct db_conn *c, int64_t series, const struct db_sample *v,
		    size_t n, struct err *err) MUST_CHECK;
/* Puts late samples (ascending) where they belong; *ret_added those of a new time. */
int db_chunk_merge(struct db_conn *c, int64_t series, const struct db_sample *v, size_t n,
		   size_t *ret_added, struct err *err) MUST_CHECK;
/* Appends the chunks' samples within [from, to] to ret. */
int db_chunk_read(struct db_conn *c, int64_t series, int64_t from_ms, int64_t to_ms,
		  struct db_samples *ret, struct err *err) MUST_CHECK;

/* One bucket of a roll-up. A gauge has no increase, a counter no sum, min and max. */
struct db_bucket {
	int64_t t_ms; /* start */
	double count, sum, min, max, last, increase;
};
struct db_buckets {
	struct db_bucket *v;
	size_t n, cap;
};
void db_buckets_done(struct db_buckets *b);
DEFINE_CLEANUP_OBJECT(struct db_buckets, db_buckets_done);

/* rollup.c */
/* The resolutions that a series has, coarsest first; ends with 0. */
const int64_t *db_rollup_resolutions(const char *name);
void db_buckets_push(struct db_buckets *b, const struct db_bucket *v);
/* Adds up samples into buckets of res_ms; before: the sample before the first, or NULL.
 */
void db_rollup_make(const struct db_sample *v, size_t n, const struct db_sample *before,
		    int64_t res_ms, struct db_buckets *ret);
/* Stores buckets; one that is there is replaced, or stays when keep. Write transaction.
 */
int db_rollup_put(struct db_conn *c, int64_t series, enum db_series_kind kind,
		  int64_t res_ms, const struct db_buckets *b, bool keep,
		  size_t *ret_added, struct err *err) MUST_CHECK;
/* Appends the buckets that start within [from, to) to ret. */
int db_rollup_read(struct db_conn *c, int64_t series, int64_t res_ms, int64_t from_ms,
		   int64_t to_ms, struct db_buckets *ret, struct err *err) MUST_CHECK;
/* Rolls one day of one series up at all its resolutions. In a write transaction. */
int db_rollup_day(struct db *db, struct db_conn *c, const struct db_entry *e,
		  int64_t day_ms, struct err *err) MUST_CHECK;

/* What a reader needs of an entry, copied under the lock. */
struct db_entry_view {
	int64_t id;
	enum db_series_kind kind;
	bool demand;
	int64_t first_ms, last_ms;
	int64_t rolled_to;
};
bool db_entry_view(struct db *db, int64_t id, struct db_entry_view *ret);

/* journal.c */
void db_journal_sample(struct buf *out, int64_t series, int64_t dt_ms, double v);
int db_journal_load(struct db *db, struct err *err) MUST_CHECK;

/* add.c */
/* db_samples_add(); any_unrolled: also samples past their retention, if not rolled up. */
int db_samples_store_locked(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, bool any_unrolled,
			    struct db_samples_result *ret, struct err *err) MUST_CHECK;
/* raw samples alone, chunks and memory. */
int db_samples_raw(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err) MUST_CHECK;

#endif
