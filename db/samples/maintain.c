/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packing, rolling up and pruning, a slice at a time. */
#include "engine.h"
#include "sql.h"

#include "check.h"
#include "clock.h"
#include "sorted.h"

#include <inttypes.h>

#define PACK_EVERY_MS 1200000 /* calendar */
#define PRUNE_EVERY_MS RES_1H /* calendar */
#define ROLL_GRACE_MS RES_1H  /* what a day's last samples may be late */
#define SLICE 64              /* series in one transaction */
#define SLICE_ROWS "500"

void db_limits_default(struct db_limits *l)
{
	*l = (struct db_limits){
		.raw_retention_ms = 2 * DAY_MS,
		.retention_5m_ms = 30 * DAY_MS,
		.retention_1h_ms = 400 * DAY_MS,
		.retention_demand_ms = 60 * DAY_MS,
		.history_ms = 90 * DAY_MS,
		.max_series = 1000000,
		.max_history_rows = 200000,
	};
}

void db_set_limits(struct db *db, const struct db_limits *l)
{
	struct db_metrics *m = db->metrics;

	db_write_lock(db);
	pthread_mutex_lock(&m->lock);
	m->limits = *l;
	pthread_mutex_unlock(&m->lock);
	db_write_unlock(db);
}

void db_rolled_init(struct db_metrics *m, int64_t now_ms)
{
	int64_t from = now_ms - m->limits.raw_retention_ms;

	if (m->rolled_to)
		return;
	pthread_mutex_lock(&m->lock);
	m->rolled_to = from - from % DAY_MS;
	pthread_mutex_unlock(&m->lock);
}

/* ---------------------------------------------------------------- packing */

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

/* Packs the unpacked samples of the entries [from, to); the writer is held. */
static int pack_slice(struct db *db, size_t from, size_t to, struct err *err)
{
	struct db_metrics *m = db->metrics;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = from; rc == 0 && i < to; i++)
		if (m->v[i]->n > m->v[i]->n_packed)
			rc = pack_entry(c, m->v[i], err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&m->lock);
	for (size_t i = from; i < to; i++)
		db_head_packed(m->v[i], m->v[i]->n - m->v[i]->n_packed);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static int pack_some(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	size_t to;
	int rc = 0;

	db_write_lock(db);
	m->pack_pos = MIN(m->pack_pos, m->n);
	to = MIN(m->pack_pos + SLICE, m->n);
	rc = pack_slice(db, m->pack_pos, to, err);
	if (rc == 0)
		m->pack_pos = to;
	db_write_unlock(db);
	return rc;
}

/* Frees the journal rows of a pass that is over. 1: more to do. */
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
		m->pack_pos = 0;
		m->packing = true;
	}
	return rc;
}

/* One step of packing; 1: there is more, 0: nothing to do now. */
static int step_pack(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	if (!m->packing) {
		if (m->pack_at_ms == 0)
			m->pack_at_ms = now_ms + PACK_EVERY_MS;
		if (now_ms < m->pack_at_ms && m->pack_at_ms <= now_ms + PACK_EVERY_MS)
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

/* ---------------------------------------------------------------- rolling up */

/* Index of the first entry after a series id; the writer is held. */
static size_t entry_after(const struct db_metrics *m, int64_t id)
{
	return SORTED_PLACE(m->n, i, m->v[i]->id <= id);
}

static int save_rolled(struct db_conn *c, int64_t rolled_to, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, rolled_to);
	return db_run(c, err,
		      "INSERT INTO meta (name, value) VALUES ('rolled_to_ms', ?1)"
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		      "t", text);
}

static int roll_slice(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	size_t i = entry_after(m, m->roll_series), to = MIN(i + SLICE / 4, m->n);
	bool last = to == m->n;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (; rc == 0 && i < to; i++)
		if (m->v[i]->last_ms >= m->rolled_to &&
		    m->v[i]->first_ms < m->rolled_to + DAY_MS)
			rc = db_rollup_day(db, c, m->v[i], m->rolled_to, err);
	if (rc == 0 && last)
		rc = save_rolled(c, m->rolled_to + DAY_MS, err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	m->roll_series = last ? 0 : m->v[to - 1]->id;
	if (last) {
		pthread_mutex_lock(&m->lock);
		m->rolled_to += DAY_MS;
		pthread_mutex_unlock(&m->lock);
	}
	return 0;
}

static int step_roll(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	if (m->rolled_to == 0 || m->rolled_to + DAY_MS + ROLL_GRACE_MS > now_ms)
		return 0;
	db_write_lock(db);
	rc = roll_slice(db, err);
	db_write_unlock(db);
	return rc < 0 ? rc : 1;
}

int db_rolled_save(struct db_conn *c, const struct db_metrics *m, struct err *err)
{
	return m->rolled_saved ? 0 : save_rolled(c, m->rolled_to, err);
}

/* ---------------------------------------------------------------- pruning */

/* Samples before this may go. */
static int64_t raw_cut(const struct db_metrics *m, int64_t now_ms)
{
	return MIN(now_ms - m->limits.raw_retention_ms, m->rolled_to);
}

static void forget_slice(struct db_metrics *m, size_t from, size_t to, int64_t now_ms)
{
	pthread_mutex_lock(&m->lock);
	for (size_t i = from; i < to; i++)
		db_head_forget(m->v[i], raw_cut(m, now_ms));
	pthread_mutex_unlock(&m->lock);
}

static int prune_samples(struct db_conn *c, const struct db_metrics *m,
			 const struct db_entry *e, int64_t now_ms, struct err *err)
{
	const struct {
		int64_t res_ms, keep_ms;
	} rolls[] = { { RES_1M, m->limits.retention_demand_ms },
		      { RES_5M, m->limits.retention_5m_ms },
		      { RES_1H, m->limits.retention_1h_ms } };
	int64_t cut = raw_cut(m, now_ms);
	int rc = db_run(c, err,
			"DELETE FROM sample_chunk WHERE series = ?1 AND t0_ms < ?2"
			" AND t1_ms < ?2",
			"ii", e->id, cut);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rolls); i++)
		rc = db_run(c, err,
			    "DELETE FROM rollup WHERE series = ?1 AND res_ms = ?2"
			    " AND day_ms < ?3",
			    "iii", e->id, rolls[i].res_ms,
			    now_ms - rolls[i].keep_ms - DAY_MS);
	return rc;
}

/* The series of a host that is gone outlive it by the 5 min retention only. */
static bool is_over(const struct db_metrics *m, const struct db_entry *e, int64_t now_ms)
{
	int64_t keep =
		e->ephemeral ? m->limits.retention_5m_ms : m->limits.retention_1h_ms;

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
		e->doomed = true;
	return rc;
}

static bool is_doomed(const struct db_entry *e)
{
	return e->doomed;
}

static void drop_doomed(struct db_metrics *m, size_t from, size_t to, bool gone)
{
	bool any = false;

	for (size_t i = from; i < to; i++) {
		any |= m->v[i]->doomed;
		m->v[i]->doomed &= gone;
	}
	if (!gone || !any)
		return;
	pthread_mutex_lock(&m->lock);
	db_entries_drop(m, is_doomed);
	pthread_mutex_unlock(&m->lock);
}

/* 1: there are more series. */
static int prune_slice(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	size_t from = entry_after(m, m->prune_series), to = MIN(from + SLICE, m->n);
	int64_t last = to > from ? m->v[to - 1]->id : m->prune_series;
	bool more = to < m->n;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = from; rc == 0 && i < to; i++)
		rc = is_over(m, m->v[i], now_ms)
			     ? delete_series(c, m->v[i], err)
			     : prune_samples(c, m, m->v[i], now_ms, err);
	rc = db_write_finish(db, rc, err);
	if (rc == 0)
		forget_slice(m, from, to, now_ms);
	drop_doomed(m, from, to, rc == 0);
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

/* ?1: the oldest time that is kept, ?2: how many rows. */
static const char *const histories[] = {
	"DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ?1"
	" OR id <= (SELECT max(id) FROM event) - ?2 ORDER BY id LIMIT " SLICE_ROWS ")",
	"DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE at_ms < ?1"
	" OR id <= (SELECT max(id) FROM decision) - ?2 ORDER BY id LIMIT " SLICE_ROWS ")",
	"DELETE FROM lead WHERE id IN (SELECT id FROM lead WHERE healthy_ms < ?1"
	" OR id <= (SELECT max(id) FROM lead) - ?2 ORDER BY id LIMIT " SLICE_ROWS ")",
	"DELETE FROM launch WHERE launch_id IN (SELECT launch_id FROM launch WHERE"
	" state IN ('done', 'failed') AND updated_ms < ?1 AND ?2 AND NOT EXISTS"
	" (SELECT 1 FROM host WHERE host.launch_id = launch.launch_id AND"
	" host.state NOT IN ('gone', 'failed')) LIMIT " SLICE_ROWS ")",
	"DELETE FROM host WHERE id IN (SELECT id FROM host WHERE"
	" state IN ('gone', 'failed') AND gone_ms < ?1 AND ?2 LIMIT " SLICE_ROWS ")",
	"DELETE FROM hold WHERE id IN (SELECT id FROM hold WHERE ?2 AND"
	" ((released_ms > 0 AND released_ms < ?1) OR"
	" (expires_ms > 0 AND expires_ms < ?1)) LIMIT " SLICE_ROWS ")",
};

/* Step 0 is the series', then one for each history. 1: there is more. */
static int step_prune(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	int rc;

	if (now_ms < m->prune_at_ms && m->prune_at_ms <= now_ms + PRUNE_EVERY_MS)
		return 0;
	if (m->prune_step == 0)
		rc = prune_series(db, now_ms, err);
	else
		rc = db_change(db, "rows", err, histories[m->prune_step - 1], "ii",
			       now_ms - m->limits.history_ms,
			       (int64_t)m->limits.max_history_rows);
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

int db_maintain(struct db *db, int64_t now_ms, int64_t budget_ms, bool *ret_more,
		struct err *err)
{
	static int (*const steps[])(struct db *, int64_t, struct err *) = {
		step_pack,
		step_roll,
		step_prune,
	};
	int64_t end = clock_mono_ms() + budget_ms;
	bool more = false;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int rc = 1;

		while (rc == 1 && (rc = steps[i](db, now_ms, err)) == 1)
			if (clock_mono_ms() >= end) {
				more = true;
				break;
			}
		if (rc < 0)
			return rc;
		if (more)
			break;
	}
	if (ret_more)
		*ret_more = more;
	return db_checkpoint(db, err);
}
