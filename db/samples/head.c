/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The newest samples of each series, in memory. */
#include "engine.h"

#include "check.h"
#include "sorted.h"

#include <string.h>

void db_samples_push(struct db_samples *s, int64_t t_ms, double v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct db_sample){ t_ms, v };
}

void db_samples_append(struct db_samples *s, const struct db_sample *v, size_t n)
{
	if (s->cap - s->n < n) {
		s->cap = MAX(s->cap * 2, s->n + n);
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	if (n)
		memcpy(s->v + s->n, v, n * sizeof(*v));
	s->n += n;
}

void db_samples_done(struct db_samples *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

bool db_head_insert(struct db_entry *e, int64_t t_ms, double v)
{
	uint32_t i = e->n;

	while (i > 0 && e->head[i - 1].t_ms > t_ms)
		i--;
	if (i > 0 && e->head[i - 1].t_ms == t_ms)
		return false;
	if (t_ms <= e->packed_to && i == 0)
		return true;
	if (e->n == e->cap) {
		/* Thousands of series fill up at one pace: small steps waste least. */
		e->cap += 16;
		e->head = xrealloc(e->head, e->cap * sizeof(*e->head));
	}
	memmove(e->head + i + 1, e->head + i, (e->n - i) * sizeof(*e->head));
	e->head[i] = (struct db_sample){ t_ms, v };
	e->n++;
	if (t_ms <= e->packed_to)
		e->n_packed++;
	return true;
}

void db_head_packed(struct db_entry *e, uint32_t n)
{
	uint32_t drop;
	int64_t keep_from;

	CHECK(e->n_packed + n <= e->n);
	e->n_packed += n;
	if (e->n_packed == 0)
		return;
	e->packed_to = MAX(e->packed_to, e->head[e->n_packed - 1].t_ms);
	if (e->n_packed <= HEAD_KEEP)
		return;
	drop = e->n_packed - HEAD_KEEP;
	keep_from = e->packed_to - HEAD_KEEP_MS;
	while (drop > 0 && e->head[drop - 1].t_ms >= keep_from)
		drop--;
	e->n -= drop;
	e->n_packed -= drop;
	memmove(e->head, e->head + drop, e->n * sizeof(*e->head));
	if (e->cap > e->n + 2 * HEAD_KEEP) {
		e->cap = e->n + HEAD_KEEP;
		e->head = xrealloc(e->head, e->cap * sizeof(*e->head));
	}
}

void db_head_forget(struct db_entry *e, int64_t before_ms)
{
	uint32_t drop = 0;

	while (drop < e->n_packed && e->head[drop].t_ms < before_ms)
		drop++;
	if (drop == 0)
		return;
	e->n -= drop;
	e->n_packed -= drop;
	memmove(e->head, e->head + drop, e->n * sizeof(*e->head));
	if (e->n == 0) {
		free(TAKE(e->head));
		e->cap = 0;
	}
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

	pthread_mutex_lock(&m->lock);
	e = db_entry_by_id(m, series);
	if (e) {
		uint32_t from = first_at(e, from_ms), to = first_at(e, now_ms + 1);

		/* The newest one there is, even when it is before the window. */
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
