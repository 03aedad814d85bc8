/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is past its retention is deleted, a slice at a time. */
#include "check.h"
#include "head.h"
#include "maintain.h"
#include "rollup.h"

#define PRUNE_EVERY_MS RES_1H /* calendar */
#define ANSWER_KEPT_MS (8 * DAY_MS)

/* Samples before this may be deleted. */
static int64_t raw_cut(const struct db_metrics *m, int64_t now_ms)
{
	return MIN(now_ms - m->limits.raw_retention_ms, m->rolled_to);
}

static void forget_slice(struct db_metrics *m, size_t from, size_t to, int64_t now_ms)
{
	db_registry_lock(m);
	for (size_t i = from; i < to; i++)
		db_head_forget(m->v[i], raw_cut(m, now_ms));
	pthread_mutex_unlock(&m->lock);
}

/* One that began later has nothing that old. */
static int prune_samples(struct db_conn *c, const struct db_metrics *m,
			 const struct db_entry *e, int64_t now_ms, struct err *err)
{
	const struct {
		int64_t res_ms, keep_ms;
	} rolls[] = { { RES_1M, m->limits.retention_demand_ms },
		      { RES_5M, m->limits.retention_5m_ms },
		      { RES_1H, m->limits.retention_1h_ms } };
	int64_t cut = raw_cut(m, now_ms);
	int rc = 0;

	if (e->first_ms < cut)
		rc = db_run(c, err,
			    "DELETE FROM sample_chunk WHERE series = ?1 AND t0_ms < ?2"
			    " AND t1_ms < ?2",
			    "ii", e->id, cut);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rolls); i++) {
		const int64_t kept_from = now_ms - rolls[i].keep_ms - DAY_MS;

		if (e->first_ms - e->first_ms % DAY_MS < kept_from)
			rc = db_run(c, err,
				    "DELETE FROM rollup WHERE series = ?1 AND res_ms = ?2"
				    " AND day_ms < ?3",
				    "iii", e->id, rolls[i].res_ms, kept_from);
	}
	return rc;
}

/* The series of a terminated host outlive it by the 5 min retention only; one of an
 * answer is kept for somewhat longer than it is waited for. */
static int64_t kept_ms(const struct db_metrics *m, const struct db_entry *e)
{
	const int64_t keep =
		e->ephemeral ? m->limits.retention_5m_ms : m->limits.retention_1h_ms;

	return e->is_answer ? MIN(keep, ANSWER_KEPT_MS) : keep;
}

static bool is_over(const struct db_metrics *m, const struct db_entry *e, int64_t now_ms)
{
	const int64_t keep = kept_ms(m, e);

	return e->last_ms < now_ms - keep && e->n == e->n_packed;
}

static int delete_series(struct db_conn *c, struct db_entry *e, struct err *err)
{
	int rc = db_run(c, err, "DELETE FROM sample_chunk WHERE series = ?1", "i", e->id);

	if (rc == 0)
		rc = db_run(c, err, "DELETE FROM rollup WHERE series = ?1", "i", e->id);
	if (rc == 0)
		rc = db_run(c, err, "DELETE FROM series WHERE id = ?1", "i", e->id);
	if (rc == 0)
		e->deleted = true;
	return rc;
}

static bool is_deleted(const struct db_entry *e)
{
	return e->deleted;
}

static void drop_deleted(struct db_metrics *m, size_t from, size_t to, bool gone)
{
	bool any = false;

	for (size_t i = from; i < to; i++) {
		any |= m->v[i]->deleted;
		m->v[i]->deleted &= gone;
	}
	if (!gone || !any)
		return;
	db_registry_lock(m);
	db_entries_drop(m, from, to, is_deleted);
	pthread_mutex_unlock(&m->lock);
}

/* 1: there are more series. */
static int prune_slice(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	const size_t from = db_entries_after(m, m->prune_series);
	const int64_t until_ms = slice_end();
	size_t to = from;
	int64_t last;
	bool more;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (; rc == 0 && slice_goes_on(from, to, m->n, until_ms); to++)
		rc = is_over(m, m->v[to], now_ms)
			     ? delete_series(c, m->v[to], err)
			     : prune_samples(c, m, m->v[to], now_ms, err);
	last = to > from ? m->v[to - 1]->id : m->prune_series;
	more = to < m->n;
	rc = db_write_finish(db, rc, err);
	if (rc == 0)
		forget_slice(m, from, to, now_ms);
	drop_deleted(m, from, to, rc == 0);
	if (rc < 0)
		return rc;
	m->prune_series = last;
	return more;
}

static int prune_series(struct db *db, int64_t now_ms, struct err *err)
{
	int rc;

	db_write_lock(db);
	rc = prune_slice(db, now_ms, err);
	db_write_unlock(db);
	return rc;
}

/* Each deletes a slice of a table: of what is older than ?1, or, by number, of what is
 * there besides the newest ?1. */
static const struct history {
	const char *sql;
	bool by_number;
} histories[] = {
	{ "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ?1"
	  " LIMIT " SLICE_ROWS ")",
	  false },
	{ "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE"
	  " id <= (SELECT max(id) FROM event) - ?1 ORDER BY id LIMIT " SLICE_ROWS ")",
	  true },
	{ "DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE at_ms < ?1"
	  " LIMIT " SLICE_ROWS ")",
	  false },
	{ "DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE"
	  " id <= (SELECT max(id) FROM decision) - ?1 ORDER BY id LIMIT " SLICE_ROWS ")",
	  true },
	{ "DELETE FROM lead WHERE id IN (SELECT id FROM lead WHERE healthy_ms < ?1"
	  " LIMIT " SLICE_ROWS ")",
	  false },
	{ "DELETE FROM lead WHERE id IN (SELECT id FROM lead WHERE"
	  " id <= (SELECT max(id) FROM lead) - ?1 ORDER BY id LIMIT " SLICE_ROWS ")",
	  true },
	{ "DELETE FROM launch WHERE launch_id IN (SELECT launch_id FROM launch WHERE"
	  " updated_ms < ?1 AND state IN ('done', 'failed') AND NOT EXISTS"
	  " (SELECT 1 FROM host WHERE host.launch_id = launch.launch_id AND"
	  " host.state NOT IN ('gone', 'failed')) LIMIT " SLICE_ROWS ")",
	  false },
	{ "DELETE FROM host WHERE id IN (SELECT id FROM host WHERE"
	  " state IN ('gone', 'failed') AND gone_ms > 0 AND gone_ms < ?1"
	  " LIMIT " SLICE_ROWS ")",
	  false },
	{ "DELETE FROM hold WHERE id IN (SELECT id FROM hold WHERE"
	  " (released_ms > 0 AND released_ms < ?1) OR"
	  " (expires_ms > 0 AND expires_ms < ?1) LIMIT " SLICE_ROWS ")",
	  false },
};

static int prune_history(struct db *db, const struct history *h, int64_t now_ms,
			 struct err *err)
{
	const struct db_limits *l = &db->metrics->limits;

	return db_change(db, "rows", err, h->sql, "i",
			 h->by_number ? (int64_t)l->max_history_rows
				      : now_ms - l->history_ms);
}

/* Step 0 is for series, then one per history. 1: there is more. */
int db_step_prune(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	if (now_ms < m->prune_at_ms && m->prune_at_ms <= now_ms + PRUNE_EVERY_MS)
		return 0;
	if (m->prune_step == 0)
		rc = prune_series(db, now_ms, err);
	else
		rc = prune_history(db, &histories[m->prune_step - 1], now_ms, err);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	if (rc == 1 || (rc == 0 && m->prune_step > 0))
		return 1;
	m->prune_series = 0;
	if (++m->prune_step <= ARRAY_SIZE(histories))
		return 1;
	m->prune_step = 0;
	m->prune_at_ms = now_ms + PRUNE_EVERY_MS;
	return 0;
}
