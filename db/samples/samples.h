/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * samples.h - metric series and their samples. The rules of db.h hold.
 *
 * A batch is journalled as one row and kept in memory per series; full runs of samples
 * are packed into chunks (see pack.h), whole UTC days are rolled up to 5 min and 1 h
 * (demand also to 1 min), and what is past its retention goes. db_maintain() does these
 * in slices. A process killed at any point finds its samples again.
 *
 * Rates are per calendar second here: whoever shows them multiplies by clock_scale().
 */
#ifndef DB_SAMPLES_SAMPLES_H
#define DB_SAMPLES_SAMPLES_H

#include "cleanup.h"
#include "err.h"
#include "labels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

enum db_series_kind { DB_GAUGE, DB_COUNTER };

struct db_sample_in {
	const char *name;
	const char *labels; /* canonical, see labels.h: a="b",c="d" sorted; "" for none */
	enum db_series_kind kind;
	int64_t t_ms;
	double v; /* finite */
};

struct db_samples_result {
	size_t added;
	size_t duplicate; /* that series has a sample of that time; the first one stays */
	size_t too_old;   /* before the raw retention */
	size_t refused;   /* not finite, over 10 min in the future, or a bad name */
};

/*
 * Stores a batch; series are made as they appear. Samples may be late and in any order.
 *   now_ms  calendar time, the end of what is accepted
 *   ret     may be NULL
 * One transaction: all of what is accepted or, on ERR_STORE, nothing. ERR_LIMIT when the
 * number of series would pass the limit (db_set_limits()); nothing is stored then.
 */
int db_samples_add(struct db *db, const struct db_sample_in *in, size_t n, int64_t now_ms,
		   struct db_samples_result *ret, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- finding series */

struct db_series {
	int64_t id;
	char *name;
	char *labels;
	enum db_series_kind kind;
	int64_t first_ms, last_ms; /* of its samples */
};
struct db_series_list {
	struct db_series *v;
	size_t n;
};
void db_series_list_done(struct db_series_list *l);
DEFINE_CLEANUP_OBJECT(struct db_series_list, db_series_list_done);

enum db_match_op { DB_MATCH_EQ, DB_MATCH_NE, DB_MATCH_RE, DB_MATCH_NRE };

/* A label that a series has not got counts as "". Regular expressions are POSIX extended,
 * and must match the whole value. */
struct db_matcher {
	const char *label;
	enum db_match_op op;
	const char *value;
};

/*
 * A compiled selector. It remembers what it found and looks only at series made since,
 * so asking again costs next to nothing. One thread at a time may use it.
 */
struct db_selector;
/* name "" matches any. ERR_INVAL for a bad regular expression. Copies what it is given.
 */
int db_selector_new(const char *name, const struct db_matcher *m, size_t n,
		    struct db_selector **ret, struct err *err) MUST_CHECK;
void db_selector_free(struct db_selector *s);
DEFINE_CLEANUP(struct db_selector *, db_selector_free);

/* The ids it matches, the selector's own until the next call, in no order. */
void db_selector_ids(struct db *db, struct db_selector *s, const int64_t **ret,
		     size_t *ret_n);

/* Ordered by name and labels; after: id of the last one of the page before, or 0. */
int db_series_find(struct db *db, struct db_selector *s, int64_t after, size_t limit,
		   struct db_series_list *ret, struct err *err) MUST_CHECK;
/* One by id. The strings are the caller's: db_series_done(). */
int db_series_get(struct db *db, int64_t id, struct db_series *ret,
		  struct err *err) MUST_CHECK;
void db_series_done(struct db_series *s);
size_t db_series_count(struct db *db);

/* ---------------------------------------------------------------- reading */

struct db_sample {
	int64_t t_ms;
	double v;
};
struct db_samples {
	struct db_sample *v;
	size_t n, cap;
};
void db_samples_done(struct db_samples *s);
DEFINE_CLEANUP_OBJECT(struct db_samples, db_samples_done);

/*
 * The samples of one series in [from_ms, to_ms], oldest first. Where raw ones are past
 * their retention the roll-ups stand in: for a gauge each bucket's mean at its start, for
 * a counter a running value at each bucket's end that grows by the bucket's increase.
 * *ret is emptied first and may be used again and again.
 */
int db_samples_get(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err) MUST_CHECK;

/*
 * The samples of [from_ms, now_ms], or the newest before when there is none, from memory
 * alone: what has come in lately is there, 16 samples and 3 min at least. At most max are
 * written (the newest ones), oldest first; returns how many. *ret_first_ms (may be NULL)
 * is the time of the first sample that the series ever had. Fast: for the tick.
 */
size_t db_samples_recent(struct db *db, int64_t series, int64_t from_ms, int64_t now_ms,
			 struct db_sample *ret, size_t max, int64_t *ret_first_ms);

enum db_agg {
	DB_AGG_LAST,
	DB_AGG_AVG,
	DB_AGG_MIN,
	DB_AGG_MAX,
	DB_AGG_SUM,
	DB_AGG_COUNT,
	DB_AGG_INCREASE
};

/*
 * One value a step: out[i] covers [from + i*step, from + (i+1)*step), NaN where there is
 * no sample. INCREASE of a counter takes a fall for a reset to 0; steps without a sample
 * are NaN and the next one has all the increase since. Uses roll-ups where raw samples
 * are gone or the step is no finer than the roll-up and starts on it.
 */
int db_samples_range(struct db *db, int64_t series, int64_t from_ms, int64_t step_ms,
		     enum db_agg agg, double *out, size_t n, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- a tier's demand */

#define DB_DEMAND_STEP_MS 60000 /* calendar */

struct db_demand {
	const char *stack;
	const char *tier;
	double v;
};

/*
 * Records the evaluated demand of n tiers at one time (gauge
 * foretide_demand{stack=,tier=}); NaN is passed over.
 */
int db_demand_add(struct db *db, const struct db_demand *d, size_t n, int64_t t_ms,
		  struct err *err) MUST_CHECK;
/*
 * A tier's demand as n minutes from from_ms (a multiple of 60 s): the mean of each, NaN
 * where none is known. 14 days take a few milliseconds. No error when the tier has none.
 */
int db_demand_range(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		    double *out, size_t n, struct err *err) MUST_CHECK;
/*
 * Puts history in: n minutes from from_ms (a multiple of 60 s), NaN for gaps. A minute
 * that has a value keeps it. *ret_added: minutes that were new. ERR_INVAL when a value is
 * infinite, or over 10 min after now_ms; ERR_LIMIT over 400 days.
 */
int db_demand_import(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		     const double *v, size_t n, int64_t now_ms, size_t *ret_added,
		     struct err *err) MUST_CHECK;
/* Where a tier's demand starts and ends; both 0 when it has none. */
int db_demand_span(struct db *db, const char *stack, const char *tier, int64_t *ret_first,
		   int64_t *ret_last, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- upkeep */

struct db_limits {
	int64_t raw_retention_ms;    /* 2 d */
	int64_t retention_5m_ms;     /* 30 d */
	int64_t retention_1h_ms;     /* 400 d */
	int64_t retention_demand_ms; /* 60 d: the minutes of the tiers' demand */
	int64_t history_ms;          /* 90 d: decisions, events, leads, closed launches,
					gone hosts, released holds */
	size_t max_series;           /* 1,000,000 */
	size_t max_history_rows;     /* 200,000 events, and as many decisions */
};

void db_limits_default(struct db_limits *l);
/* Before the threads start, or at any time by the thread that runs db_maintain(). */
void db_set_limits(struct db *db, const struct db_limits *l);

/*
 * One slice of packing, rolling up and pruning: takes about budget_ms of real time.
 * *ret_more (may be NULL) says that there is more to do at once. To be called every tick
 * or so, by one thread.
 */
int db_maintain(struct db *db, int64_t now_ms, int64_t budget_ms, bool *ret_more,
		struct err *err) MUST_CHECK;

/* For db_open() and db_close(): reads series and the journal; frees them. */
int db_metrics_open(struct db *db, struct err *err) MUST_CHECK;
void db_metrics_close(struct db *db);

#endif
