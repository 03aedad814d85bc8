/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "raw.h"

#include "check.h"
#include "chunk.h"
#include "registry.h"
#include "sample_list.h"
#include "sorted.h"

#include <string.h>

/* Copies the samples in memory within [from, to]; *ret_start is where memory begins. */
static void copy_head(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		      struct db_samples *ret, int64_t *ret_start)
{
	struct db_metrics *m = db->metrics;
	const struct db_entry *e;

	*ret_start = INT64_MAX;
	db_registry_lock(m);
	e = db_entry_by_id(m, series);
	for (uint32_t i = 0; e && i < e->n; i++) {
		*ret_start = e->head[0].t_ms;
		if (e->head[i].t_ms >= from_ms && e->head[i].t_ms <= to_ms)
			db_samples_push(ret, e->head[i].t_ms, e->head[i].v);
	}
	pthread_mutex_unlock(&m->lock);
}

int db_samples_raw(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples head = { 0 };
	struct db_conn *c;
	int64_t start;
	int rc = 0;

	/* Memory first: what is packed in the meantime is in both, and is
	 * removed below. */
	copy_head(db, series, from_ms, to_ms, &head, &start);
	if (from_ms < start) {
		rc = db_read(db, &c, err);
		if (rc == 0)
			rc = db_chunk_read(c, series, from_ms,
					   start == INT64_MAX ? to_ms
							      : MIN(to_ms, start - 1),
					   ret, err);
	}
	if (rc == 0)
		db_samples_append(ret, head.v, head.n);
	return rc;
}

uint64_t db_samples_moves(struct db *db)
{
	return atomic_load(&db->metrics->moves);
}

/* First sample at or after t_ms. */
static uint32_t first_at(const struct db_entry *e, int64_t t_ms)
{
	return (uint32_t)SORTED_PLACE(e->n, i, e->head[i].t_ms < t_ms);
}

size_t db_samples_recent(struct db *db, int64_t series, int64_t from_ms, int64_t now_ms,
			 struct db_sample *ret, size_t max, int64_t *ret_first_ms)
{
	struct db_metrics *m = db->metrics;
	const struct db_entry *e;
	size_t n = 0;

	db_registry_lock(m);
	e = db_entry_by_id(m, series);
	if (e) {
		uint32_t from = first_at(e, from_ms), to = first_at(e, now_ms + 1);

		/* The newest one, even when it is before the window. */
		if (from == to && from > 0)
			from--;
		if (ret_first_ms)
			*ret_first_ms = e->first_ms;
		n = MIN((size_t)(to - from), max);
		if (n)
			memcpy(ret, e->head + to - n, n * sizeof(*ret));
	}
	pthread_mutex_unlock(&m->lock);
	return n;
}
