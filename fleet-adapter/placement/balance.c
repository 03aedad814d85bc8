/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves that even out the hosts. */
#include "check.h"
#include "state.h"

#include <limits.h>

/* A bin where a move lowers the spread of the item's tier by two, or else of all; -1. */
static int better_bin(struct state *s, int item)
{
	const struct ints *bins = &s->pool_bins[s->items[item].pool];
	int from = s->items[item].bin;
	int best = -1, best_tier = 0, best_count = 0;

	for (int i = 0; i < bins->n; i++) {
		int to = bins->v[i];
		const struct bin *b = &s->bins[to];
		int tier =
			state_tier_count(s, item, from) - state_tier_count(s, item, to);
		int count = s->bins[from].count - b->count;

		if (b->state != PLACE_UP || b->is_leaving || tier < 1 ||
		    (tier < 2 && count < 2))
			continue;
		if (best >= 0 &&
		    (tier < best_tier || (tier == best_tier && count <= best_count)))
			continue;
		if (state_able(s, item, to) != WHY_NONE)
			continue;
		best = to;
		best_tier = tier;
		best_count = count;
	}
	return best;
}

/* The fewest items on a bin of each pool that may take one; INT_MAX: there is none. */
static int *find_least(const struct state *s)
{
	int *least = xcalloc(s->in->n_pools + 1, sizeof(*least));

	for (size_t i = 0; i < s->in->n_pools; i++)
		least[i] = INT_MAX;
	for (int i = 0; i < s->n_bins; i++) {
		const struct bin *b = &s->bins[i];

		if (b->pool >= 0 && b->state == PLACE_UP && !b->is_leaving)
			least[b->pool] = MIN(least[b->pool], b->count);
	}
	return least;
}

/* Whether any bin could be a better one, as better_bin() says: none is looked at in vain
 * for every item of a fleet that is even. */
static bool may_gain(const struct state *s, int item, int least)
{
	const int from = s->items[item].bin;

	return state_tier_count(s, item, from) > 1 ||
	       (least < INT_MAX && s->bins[from].count - least > 1);
}

/* No balancing in pools in which an item waits. */
static bool is_quiet(const struct state *s, int pool)
{
	for (int i = 0; i < s->waiting.n; i++)
		if (s->items[s->waiting.v[i]].pool == pool)
			return false;
	return true;
}

static bool may_balance(const struct state *s, int item)
{
	const struct item *it = &s->items[item];
	const struct bin *b = it->bin >= 0 ? &s->bins[it->bin] : NULL;

	return b && b->h && b->state == PLACE_UP && !b->is_leaving &&
	       it->pool == b->pool && state_is_burden(s, item) &&
	       state_is_free(s, item) && s->out->rows[it->index].action == PLACE_STAY;
}

void placement_balance(struct state *s)
{
	CLEANUP(free) bool *quiet = xcalloc(s->in->n_pools + 1, sizeof(*quiet));
	CLEANUP(free) int *least = NULL;
	size_t moves = 0;

	if (s->in->max_moves == 0)
		return;
	least = find_least(s);

	for (size_t i = 0; i < s->in->n_pools; i++)
		quiet[i] = is_quiet(s, (int)i);
	for (int i = 0; i < s->n_items && moves < s->in->max_moves; i++) {
		int to;

		if (!may_balance(s, i) || !quiet[s->items[i].pool] ||
		    !may_gain(s, i, least[s->items[i].pool]))
			continue;
		to = better_bin(s, i);
		if (to < 0)
			continue;
		state_move(s, i, to);
		s->out->rows[s->items[i].index].action = PLACE_MOVE;
		s->out->rows[s->items[i].index].host = s->bins[to].index;
		free(least);
		least = find_least(s);
		moves++;
	}
}
