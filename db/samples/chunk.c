/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a chunk: the number of samples, the columns of times and
 * values (pack.h). */
#include "chunk.h"

#include "check.h"
#include "pack.h"
#include "sample_list.h"

#include <inttypes.h>
#include <string.h>

#define CHUNK_MAX_BYTES (1u << 20)
#define CHUNK_SAMPLES_MAX 100000u /* more means damage */

static int damaged(struct err *err, int64_t series)
{
	return err_set(err, ERR_STORE,
		       "the database is damaged: samples of series %" PRId64
		       " cannot be read",
		       series);
}

void db_chunk_encode(const struct db_sample *v, size_t n, struct buf *out)
{
	CLEANUP(free) int64_t *t = xmalloc((n + 1) * sizeof(*t));
	CLEANUP(free) double *x = xmalloc((n + 1) * sizeof(*x));

	for (size_t i = 0; i < n; i++) {
		t[i] = v[i].t_ms;
		x[i] = v[i].v;
	}
	pack_uint(out, n);
	pack_ints(out, t, n);
	pack_doubles(out, x, n);
}

int db_chunk_decode(const void *data, size_t len, struct db_samples *ret, struct err *err)
{
	struct unpack u = { data, (const uint8_t *)data + len };
	CLEANUP(free) int64_t *t = NULL;
	CLEANUP(free) double *x = NULL;
	uint64_t n;

	if (!unpack_uint(&u, &n) || n > CHUNK_SAMPLES_MAX)
		return damaged(err, 0);
	t = xmalloc((n + 1) * sizeof(*t));
	x = xmalloc((n + 1) * sizeof(*x));
	if (!unpack_ints(&u, t, n) || !unpack_doubles(&u, x, n))
		return damaged(err, 0);
	for (size_t i = 0; i < n; i++)
		db_samples_push(ret, t[i], x[i]);
	return 0;
}

static int write_chunks(struct db_conn *c, int64_t series, const struct db_sample *v,
			size_t n, struct err *err)
{
	while (n > 0) {
		CLEANUP(buf_done) struct buf data;
		size_t k = n > CHUNK_MAX ? MIN(n - n / 2, (size_t)CHUNK_MAX) : n;
		int rc;

		buf_init(&data, CHUNK_MAX_BYTES);
		db_chunk_encode(v, k, &data);
		rc = db_run(c, err,
			    "INSERT INTO sample_chunk (series, t0_ms, t1_ms, data)"
			    " VALUES (?1, ?2, ?3, ?4)",
			    "iiib", series, v[0].t_ms, v[k - 1].t_ms, data.data,
			    data.len);
		if (rc < 0)
			return rc;
		v += k;
		n -= k;
	}
	return 0;
}

/* The chunk a query finds, decoded into ret, its key in *ret_t0. 1: found, 0: none. */
static int find_chunk(struct db_conn *c, const char *sql, int64_t series, int64_t t_ms,
		      int64_t *ret_t0, struct db_samples *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, sql, &q, err);

	if (rc < 0)
		return rc;
	db_bind(q, "ii", series, t_ms);
	rc = db_step(c, q, err);
	if (rc != 1)
		return rc;
	*ret_t0 = sqlite3_column_int64(q, 0);
	rc = db_chunk_decode(sqlite3_column_blob(q, 1),
			     (size_t)sqlite3_column_bytes(q, 1), ret, err);
	return rc < 0 ? rc : 1;
}

static int drop_chunk(struct db_conn *c, int64_t series, int64_t t0_ms, struct err *err)
{
	return db_run(c, err, "DELETE FROM sample_chunk WHERE series = ?1 AND t0_ms = ?2",
		      "ii", series, t0_ms);
}

/* The chunk that holds t_ms or ends before it. */
#define CHUNK_BEFORE                           \
	"SELECT t0_ms, data FROM sample_chunk" \
	" WHERE series = ?1 AND t0_ms <= ?2"   \
	" ORDER BY t0_ms DESC LIMIT 1"

int db_chunk_append(struct db_conn *c, int64_t series, const struct db_sample *v,
		    size_t n, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples all = { 0 };
	int64_t t0 = 0;
	int rc = find_chunk(c, CHUNK_BEFORE, series, INT64_MAX, &t0, &all, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || all.n >= CHUNK_FILL)
		return write_chunks(c, series, v, n, err);
	db_samples_append(&all, v, n);
	rc = drop_chunk(c, series, t0, err);
	return rc < 0 ? rc : write_chunks(c, series, all.v, all.n, err);
}

/* Both are ascending; on equal times a is kept. */
static void merge_sorted(const struct db_samples *a, const struct db_sample *b, size_t n,
			 struct db_samples *ret)
{
	size_t i = 0, k = 0;

	while (i < a->n || k < n) {
		if (k == n || (i < a->n && a->v[i].t_ms <= b[k].t_ms)) {
			if (k < n && a->v[i].t_ms == b[k].t_ms)
				k++;
			db_samples_push(ret, a->v[i].t_ms, a->v[i].v);
			i++;
		} else {
			if (ret->n == 0 || ret->v[ret->n - 1].t_ms != b[k].t_ms)
				db_samples_push(ret, b[k].t_ms, b[k].v);
			k++;
		}
	}
}

/* Where the chunk after t_ms starts, INT64_MAX for none. */
static int next_start(struct db_conn *c, int64_t series, int64_t t_ms, int64_t *ret,
		      struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c,
			    "SELECT t0_ms FROM sample_chunk WHERE series = ?1 AND"
			    " t0_ms > ?2 ORDER BY t0_ms LIMIT 1",
			    &q, err);

	if (rc < 0)
		return rc;
	db_bind(q, "ii", series, t_ms);
	rc = db_step(c, q, err);
	if (rc == 1)
		*ret = sqlite3_column_int64(q, 0);
	else if (rc == 0)
		*ret = INT64_MAX;
	return rc < 0 ? rc : 0;
}

int db_chunk_merge(struct db_conn *c, int64_t series, const struct db_sample *v, size_t n,
		   size_t *ret_added, struct err *err)
{
	*ret_added = 0;
	while (n > 0) {
		CLEANUP(db_samples_done) struct db_samples old = { 0 };
		CLEANUP(db_samples_done) struct db_samples all = { 0 };
		int64_t t0 = 0, next = 0;
		size_t k = 0;
		int rc = find_chunk(c, CHUNK_BEFORE, series, v[0].t_ms, &t0, &old, err);

		if (rc < 0 || (rc == 1 && (rc = drop_chunk(c, series, t0, err)) < 0) ||
		    (rc = next_start(c, series, v[0].t_ms, &next, err)) < 0)
			return rc;
		while (k < n && v[k].t_ms < next)
			k++;
		/* The next chunk starts at an existing sample: v[0] is before it. */
		merge_sorted(&old, v, k, &all);
		*ret_added += all.n - old.n;
		rc = write_chunks(c, series, all.v, all.n, err);
		if (rc < 0)
			return rc;
		v += k;
		n -= k;
	}
	return 0;
}

int db_chunk_read(struct db_conn *c, int64_t series, int64_t from_ms, int64_t to_ms,
		  struct db_samples *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	CLEANUP(db_samples_done) struct db_samples one = { 0 };
	int rc = db_prepare(c,
			    "SELECT data FROM sample_chunk WHERE series = ?1"
			    " AND t0_ms <= ?3 AND t0_ms >= ifnull((SELECT t0_ms FROM"
			    " sample_chunk WHERE series = ?1 AND t0_ms <= ?2"
			    " ORDER BY t0_ms DESC LIMIT 1), ?2) ORDER BY t0_ms",
			    &q, err);

	if (rc < 0)
		return rc;
	db_bind(q, "iii", series, from_ms, to_ms);
	while ((rc = db_step(c, q, err)) == 1) {
		size_t lo = 0, hi;

		one.n = 0;
		rc = db_chunk_decode(sqlite3_column_blob(q, 0),
				     (size_t)sqlite3_column_bytes(q, 0), &one, err);
		if (rc < 0)
			return rc;
		while (lo < one.n && one.v[lo].t_ms < from_ms)
			lo++;
		for (hi = one.n; hi > lo && one.v[hi - 1].t_ms > to_ms;)
			hi--;
		db_samples_append(ret, one.v + lo, hi - lo);
	}
	return rc;
}

int db_chunk_cut(struct db_conn *c, int64_t series, int64_t after_ms, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples kept = { 0 };
	int64_t t0 = 0;
	int rc = find_chunk(c, CHUNK_BEFORE, series, after_ms, &t0, &kept, err);

	if (rc == 1)
		rc = drop_chunk(c, series, t0, err);
	if (rc == 0)
		rc = db_run(c, err,
			    "DELETE FROM sample_chunk WHERE series = ?1 AND t0_ms > ?2",
			    "ii", series, after_ms);
	while (kept.n > 0 && kept.v[kept.n - 1].t_ms > after_ms)
		kept.n--;
	return rc < 0 || kept.n == 0 ? rc : write_chunks(c, series, kept.v, kept.n, err);
}
