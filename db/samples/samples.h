/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * samples.h - metric series and their samples. The rules of db.h hold.
 *
 * A batch is journalled as one row and kept in memory per series; full runs of samples
 * are packed into chunks (see pack.h), full UTC days are rolled up to 5 min and 1 h
 * (demand also to 1 min), and what is past its retention is deleted. db_maintain() does
 * this in slices. No sample is lost when the process is killed at any point.
 *
 * Rates are per calendar second here: multiply them by clock_scale() to show them.
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

/* Series of a server's answers. What they are of comes and goes, and a tier's demand is
 * recorded besides: they are deleted 8 days after their last sample. */
#define DB_ANSWER_NAME "foretide_prometheus"

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
	size_t refused;   /* not finite, over 10 min in the future, or an invalid name */
	size_t no_room;   /* of new series beyond a limit of db_set_limits() */
	/* Of the batch, the first that is too old, refused or without room, and why;
	 * NULL: none is. */
	const struct db_sample_in *left_out;
	const char *why;
};

/*
 * Stores a batch; series are created as needed. Samples may be late and in any order.
 *   now_ms  calendar time, samples after it are rejected
 *   ret     may be NULL
 * One transaction: all accepted samples or, on ERR_STORE, none. Samples of a series that
 * would be one too many are not stored, and db_series_problem() tells of them.
 */
int db_samples_add(struct db *db, const struct db_sample_in *in, size_t n, int64_t now_ms,
		   struct db_samples_result *ret, struct err *err) MUST_CHECK;
/* The same of a sender that sends its oldest first: samples of counters that are not
 * later than all of their series count as duplicates. A count that is sent again, and
 * dated otherwise, would be growth. */
int db_samples_add_in_order(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, struct db_samples_result *ret,
			    struct err *err) MUST_CHECK;

/*
 * The clock was set, back or forth: samples later than now_ms are deleted, and what was
 * measured before counts for no rate from now on. One transaction over all series.
 */
int db_samples_clock_set(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Whether there are samples later than that. */
bool db_samples_ahead(struct db *db, int64_t now_ms);

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

/* A label that a series lacks counts as "". Regular expressions are those of pattern.h,
 * and must match the whole value. */
struct db_matcher {
	const char *label;
	enum db_match_op op;
	const char *value;
};

/*
 * A compiled selector. It remembers what it found and checks only newer series,
 * so repeating it costs next to nothing. One thread at a time may use it.
 */
struct db_selector;
/* name "" matches any. ERR_INVAL or ERR_LIMIT for an invalid or too large regular
 * expression. Copies its arguments. */
int db_selector_new(const char *name, const struct db_matcher *m, size_t n,
		    struct db_selector **ret, struct err *err) MUST_CHECK;
void db_selector_free(struct db_selector *s);
DEFINE_CLEANUP(struct db_selector *, db_selector_free);

/*
 * What matches, in no order, valid until the next call. Of some it may not be known: a
 * regular expression takes too many steps on the value. ERR_LIMIT when not all series
 * were looked at by until_cpu_ms (clock_cpu_ms(); INT64_MAX: no limit): the next call
 * goes on from there, and each one gets on.
 */
struct db_found {
	const int64_t *ids;
	size_t n;
	size_t n_undecided;
	const char *why; /* of one of those */
};
int db_selector_find(struct db *db, struct db_selector *s, int64_t until_cpu_ms,
		     struct db_found *ret, struct err *err) MUST_CHECK;
/*
 * All ids that match. ERR_LIMIT, and none, when of some that is not known, or it is not
 * within half a second. It never fails for a selector without regular expressions.
 */
int db_selector_ids(struct db *db, struct db_selector *s, const int64_t **ret,
		    size_t *ret_n, struct err *err) MUST_CHECK;

/* Ordered by name and labels; after: id of the last one of the previous page, or 0. */
int db_series_find(struct db *db, struct db_selector *s, int64_t after, size_t limit,
		   struct db_series_list *ret, struct err *err) MUST_CHECK;
/* One by id. The caller owns the strings: db_series_done(). */
int db_series_get(struct db *db, int64_t id, struct db_series *ret,
		  struct err *err) MUST_CHECK;
void db_series_done(struct db_series *s);
DEFINE_CLEANUP_OBJECT(struct db_series, db_series_done);
size_t db_series_count(struct db *db);
/* What is at its limit of series, and which new ones were refused within the last ten
 * minutes (monotonic): text [n]. False: none was. */
bool db_series_problem(struct db *db, char *text, size_t n);
/* The id of the series of that name and these labels (canonical), from memory; 0: none.
 */
int64_t db_series_id(struct db *db, const char *name, const char *labels);

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
 * their retention roll-ups are used: for a gauge each bucket's mean at its start, for
 * a counter a running value at each bucket's end that grows by the bucket's increase.
 * *ret is emptied first and may be reused.
 */
int db_samples_get(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err) MUST_CHECK;

/*
 * How often samples have moved from memory to disk. Who reads in a db_read_tx() compares
 * it with what it was before that began: if it has grown, samples may be missing in what
 * was read last.
 */
uint64_t db_samples_moves(struct db *db);

/*
 * The samples of [from_ms, now_ms], or the newest before when there is none, from memory
 * alone, which has at least the last 16 samples and 3 min. At most max are
 * written (the newest ones), oldest first; returns how many. *ret_first_ms (may be NULL)
 * is the time of the series' very first sample. Fast: for the tick.
 */
size_t db_samples_recent(struct db *db, int64_t series, int64_t from_ms, int64_t now_ms,
			 struct db_sample *ret, size_t max, int64_t *ret_first_ms);

/*
 * When a series reports, from memory alone: fast, for the tick.
 *   last_ms   its newest sample
 *   pause_ms  the longest time between two of its latest nine samples; 0: not known
 *   is_over   nobody waits for it any more (db_series_end()), and it was silent since
 * False when there is no such series.
 */
struct db_series_pace {
	int64_t last_ms, pause_ms;
	bool is_over;
};
bool db_series_pace(struct db *db, int64_t series, struct db_series_pace *ret);

/*
 * Ends the series that match and have been silent since before_ms: nobody waits for them
 * any more, until they report again. What they recorded stays. *ret_n: how many.
 * db_series_end_ids(): those of the list.
 */
int db_series_end(struct db *db, struct db_selector *s, int64_t before_ms, size_t *ret_n,
		  struct err *err) MUST_CHECK;
int db_series_end_ids(struct db *db, const int64_t *ids, size_t n, int64_t before_ms,
		      size_t *ret_n, struct err *err) MUST_CHECK;

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
 * One value per step: out[i] covers [from + i*step, from + (i+1)*step), NaN where there
 * is no sample. INCREASE of a counter treats a decrease as a reset to 0; steps without a
 * sample are NaN and the next one has the increase since then. Uses roll-ups where raw
 * samples are gone or the step is no finer than the roll-up and starts on it.
 */
int db_samples_range(struct db *db, int64_t series, int64_t from_ms, int64_t step_ms,
		     enum db_agg agg, double *out, size_t n, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- a tier's demand */

#define DB_DEMAND_STEP_MS 60000 /* calendar */

struct db_demand {
	const char *stack;
	const char *tier;
	double v;
	int64_t at_ms; /* when it was measured; 0: at t_ms */
};

/*
 * Records the evaluated demand of n tiers, at t_ms (gauge
 * foretide_demand{stack=,tier=}); NaN is skipped.
 */
int db_demand_add(struct db *db, const struct db_demand *d, size_t n, int64_t t_ms,
		  struct err *err) MUST_CHECK;
/*
 * A tier's demand as n minutes from from_ms (a multiple of 60 s): the mean of each, NaN
 * where there is none. 14 days take a few milliseconds. It is not an error when the tier
 * has none.
 */
int db_demand_range(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		    double *out, size_t n, struct err *err) MUST_CHECK;
/*
 * Imports history: n minutes from from_ms (a multiple of 60 s), NaN for gaps. A minute
 * that has a value keeps it. *ret_added: minutes that were new. ERR_INVAL when a value is
 * infinite, or over 10 min after now_ms; ERR_LIMIT over 400 days.
 */
int db_demand_import(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		     const double *v, size_t n, int64_t now_ms, size_t *ret_added,
		     struct err *err) MUST_CHECK;
/* Where a tier's demand starts and ends; both 0 when it has none. */
int db_demand_span(struct db *db, const char *stack, const char *tier, int64_t *ret_first,
		   int64_t *ret_last, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- maintenance */

struct db_limits {
	int64_t raw_retention_ms;    /* 2 d */
	int64_t retention_5m_ms;     /* 30 d */
	int64_t retention_1h_ms;     /* 400 d */
	int64_t retention_demand_ms; /* 60 d: the minutes of the tiers' demand */
	int64_t history_ms;          /* 90 d: decisions, events, leads, closed launches,
					gone hosts, released holds */
	size_t max_series;           /* 1,000,000 */
	size_t max_host_series;      /* 10,000: with the same label host */
	size_t max_unit_series;      /* 5,000: with the same labels host and unit */
	size_t max_history_rows;     /* 200,000 events, and as many decisions */
	size_t max_waiting;          /* 8,000,000 samples, before they are packed */
};

void db_limits_default(struct db_limits *l);
/* Before the threads start, or at any time by the thread that runs db_maintain(). */
void db_set_limits(struct db *db, const struct db_limits *l);

/*
 * One slice of packing, rolling up and pruning: it takes about budget_ms of real time.
 * *ret_more (may be NULL): there is more to do now. To be called about every tick, by one
 * thread.
 */
int db_maintain(struct db *db, int64_t now_ms, int64_t budget_ms, bool *ret_more,
		struct err *err) MUST_CHECK;

/* For db_open() and db_close(): reads series and the journal; frees them. */
int db_metrics_open(struct db *db, struct err *err) MUST_CHECK;
void db_metrics_close(struct db *db);

#endif
