/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clock was set. What is in memory is packed and let go, so that no counter's growth
 * is measured over the jump; what is later than now would hide what comes, and is
 * deleted.
 */
#include "check.h"
#include "chunk.h"
#include "registry.h"
#include "roll.h"
#include "samples.h"

static bool is_ahead(const struct db_entry *e, int64_t now_ms)
{
	return e->last_ms > now_ms || e->packed_to > now_ms;
}

static uint32_t unpacked_until(const struct db_entry *e, int64_t now_ms)
{
	uint32_t n = e->n;

	while (n > e->n_packed && e->head[n - 1].t_ms > now_ms)
		n--;
	return n - e->n_packed;
}

static int cut(struct db_conn *c, const struct db_entry *e, int64_t now_ms,
	       struct err *err)
{
	int rc = db_chunk_cut(c, e->id, now_ms, err);

	return rc < 0 ? rc
		      : db_run(c, err,
			       "DELETE FROM rollup WHERE series = ?1 AND day_ms >= ?2",
			       "ii", e->id, now_ms - now_ms % DAY_MS);
}

static int keep(struct db_conn *c, const struct db_entry *e, int64_t now_ms,
		struct err *err)
{
	const uint32_t n = unpacked_until(e, now_ms);
	int rc = is_ahead(e, now_ms) ? cut(c, e, now_ms, err) : 0;

	if (rc == 0 && n > 0)
		rc = db_chunk_append(c, e->id, e->head + e->n_packed, n, err);
	if (rc == 0)
		rc = db_run(c, err,
			    "UPDATE series SET first_ms = min(?2, ?4),"
			    " last_ms = min(?3, ?4) WHERE id = ?1",
			    "iiii", e->id, e->first_ms, e->last_ms, now_ms);
	return rc;
}

static void let_go(struct db_entry *e, int64_t now_ms)
{
	const uint32_t n = unpacked_until(e, now_ms);

	if (n > 0)
		e->packed_to = e->head[e->n_packed + n - 1].t_ms;
	e->packed_to = MIN(e->packed_to, now_ms);
	e->first_ms = MIN(e->first_ms, now_ms);
	e->last_ms = MIN(e->last_ms, now_ms);
	e->ended_ms = MIN(e->ended_ms, now_ms);
	e->n = e->n_packed = 0;
}

static int store(struct db_conn *c, const struct db_metrics *m, int64_t now_ms,
		 struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->n; i++)
		rc = keep(c, m->v[i], now_ms, err);
	return rc < 0 ? rc : db_conn_exec(c, "DELETE FROM sample_log", err);
}

static int set_locked(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_metrics *m = db->metrics;
	const int64_t day = now_ms - now_ms % DAY_MS;
	const bool is_rolled = m->rolled_to > day;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = store(c, m, now_ms, err);
	if (rc == 0 && is_rolled)
		rc = db_rolled_move(c, day, err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	db_registry_lock(m);
	for (size_t i = 0; i < m->n; i++)
		let_go(m->v[i], now_ms);
	m->moves++;
	if (is_rolled)
		m->rolled_to = day;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

int db_samples_clock_set(struct db *db, int64_t now_ms, struct err *err)
{
	int rc;

	db_write_lock(db);
	rc = set_locked(db, now_ms, err);
	db_write_unlock(db);
	return rc;
}

bool db_samples_ahead(struct db *db, int64_t now_ms)
{
	struct db_metrics *m = db->metrics;
	bool ret = false;

	db_registry_lock(m);
	for (size_t i = 0; !ret && i < m->n; i++)
		ret = is_ahead(m->v[i], now_ms);
	pthread_mutex_unlock(&m->lock);
	return ret;
}
