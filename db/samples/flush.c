/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves samples from memory into chunks, a slice at a time, then deletes their journal
 * rows. */
#include "check.h"
#include "chunk.h"
#include "head.h"
#include "maintain.h"

#define PACK_EVERY_MS 1200000 /* calendar */

static int pack_entry(struct db_conn *c, const struct db_entry *e, struct err *err)
{
	int rc =
		db_chunk_append(c, e->id, e->head + e->n_packed, e->n - e->n_packed, err);

	if (rc < 0)
		return rc;
	return db_run(c, err,
		      "UPDATE series SET first_ms = ?2, last_ms = ?3 WHERE id = ?1",
		      "iii", e->id, e->first_ms, e->last_ms);
}

/* Packs the unpacked samples of a slice of the entries; the writer is held. */
static int pack_slice(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	const size_t from = m->pack_pos;
	const int64_t until_ms = slice_end();
	size_t to = from;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (; rc == 0 && slice_goes_on(from, to, m->n, until_ms); to++)
		if (m->v[to]->n > m->v[to]->n_packed)
			rc = pack_entry(c, m->v[to], err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	db_registry_lock(m);
	for (size_t i = from; i < to; i++)
		db_head_packed(m->v[i], m->v[i]->n - m->v[i]->n_packed);
	m->moves++;
	pthread_mutex_unlock(&m->lock);
	m->pack_pos = to;
	return 0;
}

static int pack_some(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	db_write_lock(db);
	m->pack_pos = MIN(m->pack_pos, m->n);
	rc = pack_slice(db, err);
	db_write_unlock(db);
	return rc;
}

/* Deletes the journal rows of a completed pass. 1: more to do. */
static int trim_journal(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc = db_change(db, "rows", err,
			   "DELETE FROM sample_log WHERE id IN (SELECT id FROM sample_log"
			   " WHERE id <= ?1 ORDER BY id LIMIT " SLICE_ROWS ")",
			   "i", m->pack_cut);

	if (rc == ERR_NOT_FOUND)
		return 0;
	return rc < 0 ? rc : 1;
}

static int start_packing(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	struct db_conn *c;
	int rc;

	db_write_lock(db);
	rc = db_write_open(db, false, &c, err);
	if (rc == 0) {
		rc = db_conn_int(c, "SELECT ifnull(max(id), 0) FROM sample_log",
				 &m->pack_cut, err);
		rc = db_write_finish(db, rc, err);
	}
	db_write_unlock(db);
	if (rc == 0) {
		db_registry_lock(m);
		m->n_waiting = 0;
		pthread_mutex_unlock(&m->lock);
		m->pack_pos = 0;
		m->packing = true;
	}
	return rc;
}

/* Memory is for so many samples that are not packed; of a million series they come soon.
 */
static bool has_many(struct db_metrics *m)
{
	bool ret;

	db_registry_lock(m);
	ret = m->n_waiting > m->limits.max_waiting;
	pthread_mutex_unlock(&m->lock);
	return ret;
}

/* One step of packing; 1: there is more, 0: nothing to do now. */
int db_step_flush(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	if (!m->packing) {
		if (m->pack_at_ms == 0)
			m->pack_at_ms = now_ms + PACK_EVERY_MS;
		if (now_ms < m->pack_at_ms && m->pack_at_ms <= now_ms + PACK_EVERY_MS &&
		    !has_many(m))
			return 0;
		rc = start_packing(db, err);
		return rc < 0 ? rc : 1;
	}
	if (m->pack_pos < db_series_count(db)) {
		rc = pack_some(db, err);
		return rc < 0 ? rc : 1;
	}
	rc = trim_journal(db, err);
	if (rc == 0) {
		m->packing = false;
		m->pack_at_ms = now_ms + PACK_EVERY_MS;
	}
	return rc;
}
