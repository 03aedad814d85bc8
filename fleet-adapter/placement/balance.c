/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves that even out the hosts. */
#include "check.h"
#include "state.h"

/* A bin where a move lowers the spread of the item's tier by two, or else of all; -1. */
static int better_bin(struct state *s, int item)
{
	const struct ints *bins = &s->pool_bins[s->items[item].pool];
	int from = s->items[item].bin;
	int best = -1, best_tier = 0, best_count = 0;

	for (int i = 0; i < bins->n; i++) {
		int to = bins->v[i];
		const struct bin *b = &s->bins[to];
		int tier = (int)state_tier_count(s, item, from) -
			   (int)state_tier_count(s, item, to);
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
	size_t moves = 0;

	for (size_t i = 0; i < s->in->n_pools; i++)
		quiet[i] = is_quiet(s, (int)i);
	for (int i = 0; i < s->n_items && moves < s->in->max_moves; i++) {
		int to;

		if (!may_balance(s, i) || !quiet[s->items[i].pool])
			continue;
		to = better_bin(s, i);
		if (to < 0)
			continue;
		state_move(s, i, to);
		s->out->rows[s->items[i].index].action = PLACE_MOVE;
		s->out->rows[s->items[i].index].host = s->bins[to].index;
		moves++;
	}
}
