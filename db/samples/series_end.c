/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When series report, and which of them nobody waits for any more. */
#include "check.h"
#include "registry.h"

#define PACE_PAUSES 8u

/* The longest pause between the newest samples. */
static int64_t longest_pause(const struct db_entry *e)
{
	int64_t longest = 0;

	for (uint32_t i = e->n > PACE_PAUSES ? e->n - PACE_PAUSES : 1; i < e->n; i++)
		longest = MAX(longest, e->head[i].t_ms - e->head[i - 1].t_ms);
	return longest;
}

bool db_series_pace(struct db *db, int64_t series, struct db_series_pace *ret)
{
	const struct db_entry *e;

	db_registry_lock(db->metrics);
	e = db_entry_by_id(db->metrics, series);
	if (e)
		*ret = (struct db_series_pace){
			.last_ms = e->last_ms,
			.pause_ms = longest_pause(e),
			.is_over = e->ended_ms >= e->last_ms,
		};
	pthread_mutex_unlock(&db->metrics->lock);
	return e != NULL;
}

/* The writer is held; entries do not change meanwhile. */
static int end_all(struct db *db, const int64_t *ids, size_t n, int64_t before_ms,
		   size_t *ret_n, struct err *err)
{
	struct db_metrics *m = db->metrics;
	struct db_conn *c;
	int rc = db_write_open(db, true, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct db_entry *e = db_entry_by_id(m, ids[i]);

		if (!e || e->last_ms >= before_ms || e->ended_ms >= e->last_ms)
			continue;
		rc = db_run(c, err, "UPDATE series SET ended_ms = ?2 WHERE id = ?1", "ii",
			    e->id, e->last_ms);
		++*ret_n;
	}
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	db_registry_lock(m);
	for (size_t i = 0; i < n; i++) {
		struct db_entry *e = db_entry_by_id(m, ids[i]);

		if (e && e->last_ms < before_ms)
			e->ended_ms = e->last_ms;
	}
	pthread_mutex_unlock(&m->lock);
	return 0;
}

int db_series_end_ids(struct db *db, const int64_t *ids, size_t n, int64_t before_ms,
		      size_t *ret_n, struct err *err)
{
	int rc;

	*ret_n = 0;
	db_write_lock(db);
	rc = end_all(db, ids, n, before_ms, ret_n, err);
	db_write_unlock(db);
	return rc;
}

int db_series_end(struct db *db, struct db_selector *s, int64_t before_ms, size_t *ret_n,
		  struct err *err)
{
	const int64_t *ids;
	size_t n;
	int rc;

	*ret_n = 0;
	/* One that is deleted meanwhile is passed over. */
	rc = db_selector_ids(db, s, &ids, &n, err);
	if (rc < 0)
		return rc;
	db_write_lock(db);
	rc = end_all(db, ids, n, before_ms, ret_n, err);
	db_write_unlock(db);
	return rc;
}
