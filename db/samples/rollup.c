/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Roll-ups: one row per series, resolution and UTC day. The bytes are the kind, the
 * number of buckets, the column of bucket numbers within the day, the column of counts,
 * then for a counter the columns of last values and increases, for a gauge of sums,
 * minima, maxima and last values, and for a minute's roll-up of sums only.
 */
#include "rollup.h"

#include "check.h"
#include "pack.h"
#include "registry.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DAY_BUCKETS_MAX (DAY_MS / RES_1M)
#define DAY_MAX_BYTES (1u << 20)
#define COLUMNS_MAX 5

enum layout { LAYOUT_GAUGE, LAYOUT_COUNTER, LAYOUT_MEAN };

const int64_t *db_rollup_resolutions(const char *name)
{
	static const int64_t usual[] = { RES_1H, RES_5M, 0 };
	static const int64_t demand[] = { RES_1H, RES_5M, RES_1M, 0 };

	return strcmp(name, DEMAND_NAME) == 0 ? demand : usual;
}

void db_buckets_push(struct db_buckets *b, const struct db_bucket *v)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->v = xrealloc(b->v, b->cap * sizeof(*b->v));
	}
	b->v[b->n++] = *v;
}

void db_buckets_done(struct db_buckets *b)
{
	free(b->v);
	memset(b, 0, sizeof(*b));
}

/* ---------------------------------------------------------------- adding up */

void db_rollup_make(const struct db_sample *v, size_t n, const struct db_sample *before,
		    int64_t res_ms, struct db_buckets *ret)
{
	struct db_bucket b = { .t_ms = -1 };

	for (size_t i = 0; i < n; i++) {
		int64_t t = v[i].t_ms - v[i].t_ms % res_ms;
		double x = v[i].v;

		if (t != b.t_ms) {
			if (b.count > 0)
				db_buckets_push(ret, &b);
			b = (struct db_bucket){ .t_ms = t, .min = x, .max = x };
		}
		b.count++;
		b.sum += x;
		b.min = fmin(b.min, x);
		b.max = fmax(b.max, x);
		b.last = x;
		if (before)
			b.increase += x >= before->v ? x - before->v : x;
		before = &v[i];
	}
	if (b.count > 0)
		db_buckets_push(ret, &b);
}

/* ---------------------------------------------------------------- bytes */

static enum layout layout_of(enum db_series_kind kind, int64_t res_ms)
{
	if (kind == DB_COUNTER)
		return LAYOUT_COUNTER;
	return res_ms == RES_1M ? LAYOUT_MEAN : LAYOUT_GAUGE;
}

/* Where the columns of a layout are in a bucket; returns how many. */
static size_t columns_of(enum layout l, size_t offsets[COLUMNS_MAX])
{
	static const size_t gauge[] = {
		offsetof(struct db_bucket, count), offsetof(struct db_bucket, sum),
		offsetof(struct db_bucket, min),   offsetof(struct db_bucket, max),
		offsetof(struct db_bucket, last),
	};
	static const size_t counter[] = {
		offsetof(struct db_bucket, count),
		offsetof(struct db_bucket, last),
		offsetof(struct db_bucket, increase),
	};
	const size_t *from = l == LAYOUT_COUNTER ? counter : gauge;
	size_t n = l == LAYOUT_GAUGE ? 5 : l == LAYOUT_COUNTER ? 3 : 2;

	memcpy(offsets, from, n * sizeof(*from));
	return n;
}

static double *cell(struct db_bucket *b, size_t offset)
{
	return (double *)(void *)((char *)b + offset);
}

static void encode_day(const struct db_buckets *b, enum layout layout, int64_t day_ms,
		       int64_t res_ms, struct buf *out)
{
	CLEANUP(free) int64_t *index = xmalloc((b->n + 1) * sizeof(*index));
	CLEANUP(free) double *column = xmalloc((b->n + 1) * sizeof(*column));
	size_t offsets[COLUMNS_MAX], n = columns_of(layout, offsets);

	buf_putc(out, (char)layout);
	pack_uint(out, b->n);
	for (size_t i = 0; i < b->n; i++)
		index[i] = (b->v[i].t_ms - day_ms) / res_ms;
	pack_ints(out, index, b->n);
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < b->n; i++)
			column[i] = *cell(&b->v[i], offsets[k]);
		pack_doubles(out, column, b->n);
	}
}

/* Derives from the mean what a mean's roll-up does not store. */
static void complete(struct db_bucket *b, enum layout layout)
{
	if (layout == LAYOUT_MEAN)
		b->min = b->max = b->last = b->sum / b->count;
	if (layout == LAYOUT_COUNTER)
		b->sum = b->min = b->max = NAN;
}

static int damaged(struct err *err)
{
	return err_set(err, ERR_STORE,
		       "the database is damaged: a roll-up cannot be read");
}

static int decode_day(const void *data, size_t len, int64_t day_ms, int64_t res_ms,
		      struct db_buckets *ret, struct err *err)
{
	struct unpack u = { data, (const uint8_t *)data + len };
	int64_t index[DAY_BUCKETS_MAX];
	double column[DAY_BUCKETS_MAX];
	size_t offsets[COLUMNS_MAX], columns, first = ret->n;
	enum layout layout;
	uint64_t n;

	if (len < 2 || *u.p > LAYOUT_MEAN)
		return damaged(err);
	layout = (enum layout) * u.p++;
	columns = columns_of(layout, offsets);
	if (!unpack_uint(&u, &n) || n > DAY_BUCKETS_MAX || !unpack_ints(&u, index, n))
		return damaged(err);
	for (size_t i = 0; i < n; i++) {
		struct db_bucket b = { .t_ms = day_ms + index[i] * res_ms };

		db_buckets_push(ret, &b);
	}
	for (size_t k = 0; k < columns; k++) {
		if (!unpack_doubles(&u, column, n))
			return damaged(err);
		for (size_t i = 0; i < n; i++)
			*cell(&ret->v[first + i], offsets[k]) = column[i];
	}
	for (size_t i = first; i < ret->n; i++)
		complete(&ret->v[i], layout);
	return 0;
}

/* ---------------------------------------------------------------- rows */

int db_rollup_read(struct db_conn *c, int64_t series, int64_t res_ms, int64_t from_ms,
		   int64_t to_ms, struct db_buckets *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	CLEANUP(db_buckets_done) struct db_buckets day = { 0 };
	int rc = db_prepare(c,
			    "SELECT day_ms, data FROM rollup WHERE series = ?1 AND"
			    " res_ms = ?2 AND day_ms >= ?3 AND day_ms < ?4"
			    " ORDER BY day_ms",
			    &q, err);

	if (rc < 0)
		return rc;
	db_bind(q, "iiii", series, res_ms, from_ms - from_ms % DAY_MS, to_ms);
	while ((rc = db_step(c, q, err)) == 1) {
		day.n = 0;
		rc = decode_day(sqlite3_column_blob(q, 1),
				(size_t)sqlite3_column_bytes(q, 1),
				sqlite3_column_int64(q, 0), res_ms, &day, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < day.n; i++)
			if (day.v[i].t_ms >= from_ms && day.v[i].t_ms < to_ms)
				db_buckets_push(ret, &day.v[i]);
	}
	return rc;
}

static size_t merge_buckets(const struct db_buckets *old, const struct db_bucket *b,
			    size_t n, bool keep, struct db_buckets *ret)
{
	size_t i = 0, k = 0, added = 0;

	while (i < old->n || k < n) {
		if (k == n || (i < old->n && old->v[i].t_ms < b[k].t_ms)) {
			db_buckets_push(ret, &old->v[i++]);
		} else if (i < old->n && old->v[i].t_ms == b[k].t_ms) {
			db_buckets_push(ret, keep ? &old->v[i] : &b[k]);
			i++;
			k++;
		} else {
			db_buckets_push(ret, &b[k++]);
			added++;
		}
	}
	return added;
}

static int put_day(struct db_conn *c, int64_t series, enum layout layout, int64_t res_ms,
		   int64_t day_ms, const struct db_bucket *b, size_t n, bool keep,
		   size_t *added, struct err *err)
{
	CLEANUP(db_buckets_done) struct db_buckets old = { 0 };
	CLEANUP(db_buckets_done) struct db_buckets all = { 0 };
	CLEANUP(buf_done) struct buf data = { 0 };
	int rc = db_rollup_read(c, series, res_ms, day_ms, day_ms + DAY_MS, &old, err);

	if (rc < 0)
		return rc;
	*added += merge_buckets(&old, b, n, keep, &all);
	buf_init(&data, DAY_MAX_BYTES);
	encode_day(&all, layout, day_ms, res_ms, &data);
	return db_run(c, err,
		      "INSERT INTO rollup (series, res_ms, day_ms, data)"
		      " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (series, res_ms, day_ms)"
		      " DO UPDATE SET data = excluded.data",
		      "iiib", series, res_ms, day_ms, data.data, data.len);
}

int db_rollup_put(struct db_conn *c, int64_t series, enum db_series_kind kind,
		  int64_t res_ms, const struct db_buckets *b, bool keep,
		  size_t *ret_added, struct err *err)
{
	size_t added = 0;

	for (size_t i = 0, k; i < b->n; i = k) {
		int64_t day = b->v[i].t_ms - b->v[i].t_ms % DAY_MS;
		int rc;

		for (k = i; k < b->n && b->v[k].t_ms < day + DAY_MS;)
			k++;
		rc = put_day(c, series, layout_of(kind, res_ms), res_ms, day, &b->v[i],
			     k - i, keep, &added, err);
		if (rc < 0)
			return rc;
	}
	if (ret_added)
		*ret_added = added;
	return 0;
}
