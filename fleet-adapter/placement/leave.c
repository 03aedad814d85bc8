/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which hosts can be removed. */
#include "check.h"
#include "state.h"

#include <string.h>

struct candidate {
	int bin;
	int items;
	int64_t joined_ms;
	const char *id;
	bool is_booting;
};

static int by_drain_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->items != y->items)
		return x->items < y->items ? -1 : 1;
	if (x->is_booting != y->is_booting)
		return x->is_booting ? -1 : 1;
	if (x->joined_ms != y->joined_ms)
		return x->joined_ms > y->joined_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Whether it should be on the bin, or came from one that can be removed; otherwise it
 * waits for room that is reserved for it here. */
static bool is_there(const struct state *s, int item, int bin)
{
	return s->items[item].bin == bin &&
	       s->out->rows[s->items[item].index].host != PLACE_NOWHERE;
}

/* Tries to find room for all items of the bin; puts them back when there is
 * not enough. */
static bool can_empty(struct state *s, int bin, struct ints *moved)
{
	CLEANUP(free) int *list = NULL;
	int n = s->bins[bin].items.n;
	int begun = moved->n;
	int why[WHY_COUNT];

	list = xmalloc(((size_t)n + 1) * sizeof(*list));
	if (n)
		memcpy(list, s->bins[bin].items.v, (size_t)n * sizeof(*list));
	s->bins[bin].is_leaving = true;
	for (int i = 0; i < n; i++) {
		int to;

		if (!state_is_burden(s, list[i]))
			continue;
		to = state_is_free(s, list[i]) && is_there(s, list[i], bin)
			     ? state_best(s, list[i], 1u << PLACE_UP, why)
			     : -1;
		if (to >= 0) {
			ints_add(moved, list[i]);
			ints_add(moved, bin);
			state_move(s, list[i], to);
			continue;
		}
		s->bins[bin].is_leaving = false;
		for (; moved->n > begun; moved->n -= 2)
			state_move(s, moved->v[moved->n - 2], bin);
		return false;
	}
	return true;
}

static size_t list_candidates(const struct state *s, int pool, struct candidate *list)
{
	const struct ints *bins = &s->pool_bins[pool];
	size_t n = 0;

	for (int i = 0; i < bins->n; i++) {
		const struct bin *b = &s->bins[bins->v[i]];

		if (b->h && (b->state == PLACE_UP || b->state == PLACE_BOOTING))
			list[n++] = (struct candidate){ .bin = bins->v[i],
							.items = b->count,
							.joined_ms = b->h->joined_ms,
							.id = b->id,
							.is_booting = b->state ==
								      PLACE_BOOTING };
	}
	qsort(list, n, sizeof(*list), by_drain_order);
	return n;
}

/* moved gets pairs (item, bin that it was on), so that all can be put back. */
static void find_in_pool(struct state *s, int pool, struct ints *moved)
{
	CLEANUP(free)
	struct candidate *list = xcalloc((size_t)s->pool_bins[pool].n + 1, sizeof(*list));
	size_t n = list_candidates(s, pool, list);
	size_t spare = s->out->demand[pool].have;

	spare -= MIN(spare, s->in->pools[pool].min);
	for (size_t i = 0; i < n && spare > 0; i++) {
		if (!can_empty(s, list[i].bin, moved))
			continue;
		s->out->leave[s->out->n_leave++] =
			(struct place_leave){ .host = s->bins[list[i].bin].index,
					      .moves = (size_t)list[i].items };
		spare--;
	}
}

void placement_find_leave(struct state *s)
{
	struct ints moved = { 0 };

	for (size_t i = 0; i < s->in->n_pools; i++)
		if (s->out->demand[i].fresh == 0)
			find_in_pool(s, (int)i, &moved);
	for (; moved.n > 0; moved.n -= 2)
		state_move(s, moved.v[moved.n - 2], moved.v[moved.n - 1]);
	free(moved.v);
}
