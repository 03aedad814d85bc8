/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "head.h"

#include "check.h"

#include <string.h>

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
		/* Thousands of series fill up at the same rate, and many get few
		 * samples: small steps waste least. */
		e->cap += MIN(MAX(e->cap, 4u), 16u);
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
