/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollup.h - samples added up into buckets, and the rows these are stored in.
 */
#ifndef DB_SAMPLES_ROLLUP_H
#define DB_SAMPLES_ROLLUP_H

#include "samples.h"
#include "sql.h"

#define RES_1M ((int64_t)60000)
#define RES_5M ((int64_t)300000)
#define RES_1H ((int64_t)3600000)

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

/* The resolutions that a series has, coarsest first; ends with 0. */
const int64_t *db_rollup_resolutions(const char *name);
void db_buckets_push(struct db_buckets *b, const struct db_bucket *v);
/* Adds up samples into buckets of res_ms; before: the sample before the first,
 * or NULL. */
void db_rollup_make(const struct db_sample *v, size_t n, const struct db_sample *before,
		    int64_t res_ms, struct db_buckets *ret);
/* Stores buckets; an existing one is replaced, or kept when keep.
 * Write transaction. */
int db_rollup_put(struct db_conn *c, int64_t series, enum db_series_kind kind,
		  int64_t res_ms, const struct db_buckets *b, bool keep,
		  size_t *ret_added, struct err *err) MUST_CHECK;
/* Appends the buckets that start within [from, to) to ret. */
int db_rollup_read(struct db_conn *c, int64_t series, int64_t res_ms, int64_t from_ms,
		   int64_t to_ms, struct db_buckets *ret, struct err *err) MUST_CHECK;

#endif
