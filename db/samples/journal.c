/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row is a run of (series * 2 + whole, time since the one before, value), the value as
 * an integer when it is one, else as the eight bytes of the double, low byte first.
 */
#include "journal.h"

#include "check.h"
#include "chunk.h"
#include "head.h"
#include "pack.h"
#include "rollup.h"

#include <math.h>
#include <string.h>

void db_journal_sample(struct buf *out, int64_t series, int64_t dt_ms, double v)
{
	int64_t whole = 0;
	bool is_int = pack_is_int(v, &whole);
	unsigned char bytes[8];
	uint64_t u;

	pack_uint(out, (uint64_t)series << 1 | is_int);
	pack_int(out, dt_ms);
	if (is_int) {
		pack_int(out, whole);
		return;
	}
	memcpy(&u, &v, sizeof(u));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(u >> (8 * i));
	buf_add(out, bytes, sizeof(bytes));
}

static bool read_value(struct unpack *p, bool is_int, double *ret)
{
	int64_t whole;
	uint64_t u = 0;

	if (is_int) {
		if (!unpack_int(p, &whole))
			return false;
		*ret = (double)whole;
		return true;
	}
	if (p->end - p->p < 8)
		return false;
	for (size_t i = 0; i < 8; i++)
		u |= (uint64_t)*p->p++ << (8 * i);
	memcpy(ret, &u, sizeof(u));
	return true;
}

static void note_times(struct db_entry *e, int64_t t_ms)
{
	if (e->first_ms == 0 || t_ms < e->first_ms)
		e->first_ms = t_ms;
	e->last_ms = MAX(e->last_ms, t_ms);
}

static int replay(struct db_metrics *m, const void *data, size_t len, struct err *err)
{
	struct unpack p = { data, (const uint8_t *)data + len };
	int64_t t = 0;

	while (p.p < p.end) {
		struct db_entry *e;
		uint64_t key;
		int64_t dt;
		double v;

		if (!unpack_uint(&p, &key) || !unpack_int(&p, &dt) ||
		    !read_value(&p, key & 1, &v))
			return err_set(err, ERR_STORE,
				       "the database is damaged: the journal of samples "
				       "cannot be read");
		t += dt;
		e = db_entry_by_id(m, (int64_t)(key >> 1));
		/* What was packed before the process exited is in the chunks. */
		if (!e || t <= e->packed_to)
			continue;
		note_times(e, t);
		db_head_insert(e, t, v);
		m->n_waiting++;
	}
	return 0;
}

/* Loads the newest packed samples, for db_samples_recent(). */
static int load_tail(struct db *db, struct db_entry *e, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };
	int rc = db_chunk_read(db->writer, e->id, e->packed_to - RES_1H, e->packed_to, &s,
			       err);

	if (rc < 0)
		return rc;
	for (size_t i = s.n - MIN(s.n, (size_t)HEAD_KEEP); i < s.n; i++) {
		if (e->n == e->cap) {
			e->cap = HEAD_KEEP;
			e->head = xrealloc(e->head, e->cap * sizeof(*e->head));
		}
		e->head[e->n++] = s.v[i];
	}
	e->n_packed = e->n;
	return 0;
}

static int load_tails(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int64_t newest = 0;

	for (size_t i = 0; i < m->n; i++)
		newest = MAX(newest, m->v[i]->last_ms);
	for (size_t i = 0; i < m->n; i++) {
		struct db_entry *e = m->v[i];
		int rc;

		if (e->packed_to == INT64_MIN || e->last_ms < newest - RES_1H)
			continue;
		rc = load_tail(db, e, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int db_journal_load(struct db *db, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = load_tails(db, err);

	if (rc == 0)
		rc = db_prepare(db->writer, "SELECT data FROM sample_log ORDER BY id", &q,
				err);
	if (rc < 0)
		return rc;
	while ((rc = db_step(db->writer, q, err)) == 1) {
		rc = replay(db->metrics, sqlite3_column_blob(q, 0),
			    (size_t)sqlite3_column_bytes(q, 0), err);
		if (rc < 0)
			return rc;
	}
	return rc;
}
