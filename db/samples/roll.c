/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roll.h"

#include "check.h"
#include "maintain.h"
#include "raw.h"
#include "rollup.h"

#include <inttypes.h>

#define ROLL_GRACE_MS RES_1H /* how late a day's last samples may be */

void db_rolled_init(struct db_metrics *m, int64_t now_ms)
{
	int64_t from = now_ms - m->limits.raw_retention_ms;

	if (m->rolled_to)
		return;
	db_registry_lock(m);
	m->rolled_to = from - from % DAY_MS;
	pthread_mutex_unlock(&m->lock);
}

int db_rolled_move(struct db_conn *c, int64_t rolled_to, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, rolled_to);
	return db_run(c, err,
		      "INSERT INTO meta (name, value) VALUES ('rolled_to_ms', ?1)"
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		      "t", text);
}

int db_rolled_save(struct db_conn *c, const struct db_metrics *m, struct err *err)
{
	return m->rolled_saved ? 0 : db_rolled_move(c, m->rolled_to, err);
}

int db_rollup_day(struct db *db, struct db_conn *c, const struct db_entry *e,
		  int64_t day_ms, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };
	const struct db_sample *before = NULL;
	size_t skip = 0;
	int rc = db_samples_raw(db, e->id, day_ms - RES_1H, day_ms + DAY_MS - 1, &s, err);

	if (rc < 0)
		return rc;
	while (skip < s.n && s.v[skip].t_ms < day_ms)
		before = &s.v[skip++];
	if (skip == s.n)
		return 0;
	for (const int64_t *res = db_rollup_resolutions(e->name); *res; res++) {
		CLEANUP(db_buckets_done) struct db_buckets b = { 0 };

		db_rollup_make(s.v + skip, s.n - skip, before, *res, &b);
		rc = db_rollup_put(c, e->id, e->kind, *res, &b, false, NULL, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int roll_slice(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics;
	const size_t from = db_entries_after(m, m->roll_series);
	const int64_t until_ms = slice_end();
	size_t i = from;
	bool last;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (; rc == 0 && slice_goes_on(from, i, m->n, until_ms); i++)
		if (m->v[i]->last_ms >= m->rolled_to &&
		    m->v[i]->first_ms < m->rolled_to + DAY_MS)
			rc = db_rollup_day(db, c, m->v[i], m->rolled_to, err);
	last = i == m->n;
	if (rc == 0 && last)
		rc = db_rolled_move(c, m->rolled_to + DAY_MS, err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0)
		return rc;
	m->roll_series = last ? 0 : m->v[i - 1]->id;
	if (last) {
		db_registry_lock(m);
		m->rolled_to += DAY_MS;
		pthread_mutex_unlock(&m->lock);
	}
	return 0;
}

int db_step_roll(struct db *db, int64_t now_ms, struct err *err)
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
