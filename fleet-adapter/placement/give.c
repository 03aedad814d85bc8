/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "give.h"

#include "check.h"

#include <limits.h>
#include <string.h>

void give_init(struct giving *g, struct state *s, const struct place_tier *tiers,
	       size_t n_tiers, const size_t *tier_of)
{
	*g = (struct giving){ .s = s, .tier_of = tier_of, .n_tiers = n_tiers };
	g->left = xcalloc(n_tiers + 1, sizeof(*g->left));
	g->lowest = INT_MAX;
	for (size_t i = 0; i < n_tiers; i++) {
		g->left[i] = tiers[i].spare;
		g->all += tiers[i].spare;
	}
	for (int i = 0; i < s->n_items; i++)
		if (g->left[tier_of[i]] > 0)
			g->lowest = MIN(g->lowest, s->items[i].u->priority);
}

void give_done(struct giving *g)
{
	free(g->left);
}

static bool may_give(const struct giving *g, int item, int other)
{
	const struct item *a = &g->s->items[item], *b = &g->s->items[other];
	const size_t tier = g->tier_of[other];

	return tier < g->n_tiers && g->left[tier] > 0 && !b->u->leaving &&
	       !b->u->pinned && !b->fleet->global && b->followers.n == 0 &&
	       b->u->priority < a->u->priority;
}

/* Of those that may, the one of the lowest priority, then one that serves nobody, then
 * the one wanted last. */
static bool goes_before(const struct place_unit *a, const struct place_unit *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->sick != b->sick)
		return a->sick;
	if (a->wanted_ms != b->wanted_ms)
		return a->wanted_ms > b->wanted_ms;
	return strcmp(a->name, b->name) > 0;
}

static int next_on(const struct giving *g, int item, int bin)
{
	const struct ints *items = &g->s->bins[bin].items;
	int best = -1;

	for (int i = 0; i < items->n; i++) {
		const int other = items->v[i];

		if (may_give(g, item, other) &&
		    (best < 0 || goes_before(g->s->items[other].u, g->s->items[best].u)))
			best = other;
	}
	return best;
}

static void take_off(struct giving *g, int other, struct ints *gone)
{
	g->left[g->tier_of[other]]--;
	state_move(g->s, other, -1);
	ints_add(gone, other);
}

static void put_back(struct giving *g, int bin, struct ints *gone)
{
	const int other = gone->v[--gone->n];

	g->left[g->tier_of[other]]++;
	state_move(g->s, other, bin);
}

/* Those that are taken off although the item fits with them return. */
static void return_needless(struct giving *g, int item, int bin, struct ints *gone)
{
	for (int i = gone->n; i-- > 0;) {
		const int other = gone->v[i];

		state_move(g->s, other, bin);
		if (state_able(g->s, item, bin) == WHY_NONE) {
			g->left[g->tier_of[other]]++;
			ints_drop(gone, other);
		} else {
			state_move(g->s, other, -1);
		}
	}
}

/* Takes units off the bin until the item fits there; puts them back when it does not. */
static bool clear(struct giving *g, int item, int bin, struct ints *gone)
{
	while (state_able(g->s, item, bin) != WHY_NONE) {
		const int other = next_on(g, item, bin);

		if (other < 0) {
			while (gone->n > 0)
				put_back(g, bin, gone);
			return false;
		}
		take_off(g, other, gone);
	}
	return_needless(g, item, bin, gone);
	return true;
}

struct offer {
	int bin; /* -1: none */
	int priority, count;
	int serving; /* of them */
};

static bool is_cheaper(const struct offer *a, const struct offer *b)
{
	if (b->bin < 0 || a->priority != b->priority)
		return b->bin < 0 || a->priority < b->priority;
	if (a->serving != b->serving)
		return a->serving < b->serving;
	return a->count < b->count;
}

static struct offer price(struct giving *g, int item, int bin)
{
	struct offer o = { .bin = -1, .priority = INT_MIN };
	struct ints gone = { 0 };

	if (clear(g, item, bin, &gone)) {
		o.bin = bin;
		o.count = gone.n;
		for (int i = 0; i < gone.n; i++) {
			const struct place_unit *u = g->s->items[gone.v[i]].u;

			o.priority = MAX(o.priority, u->priority);
			o.serving += !u->sick;
		}
	}
	while (gone.n > 0)
		put_back(g, bin, &gone);
	free(gone.v);
	return o;
}

int give_find(struct giving *g, int item, struct ints *gone)
{
	const struct ints *bins = &g->s->pool_bins[g->s->items[item].pool];
	struct offer best = { .bin = -1 };

	for (int i = 0; i < bins->n; i++) {
		struct offer o;

		if (g->s->bins[bins->v[i]].state != PLACE_UP ||
		    state_avoids(g->s, item, bins->v[i]))
			continue;
		o = price(g, item, bins->v[i]);
		if (o.bin >= 0 && is_cheaper(&o, &best))
			best = o;
	}
	if (best.bin < 0 || !clear(g, item, best.bin, gone))
		return -1;
	for (int i = gone->n; i-- > 0;) {
		g->left[g->tier_of[gone->v[i]]]++;
		state_move(g->s, gone->v[i], best.bin);
	}
	return best.bin;
}

void give_settle(struct giving *g, int item, int bin, const struct ints *gone)
{
	for (int i = 0; i < gone->n; i++) {
		g->left[g->tier_of[gone->v[i]]]--;
		state_move(g->s, gone->v[i], -1);
	}
	state_put(g->s, item, bin);
}

/* The contrary. */
static void give_undo(struct giving *g, int item, int bin, const struct ints *gone)
{
	state_take(g->s, item, bin);
	for (int i = gone->n; i-- > 0;) {
		g->left[g->tier_of[gone->v[i]]]++;
		state_move(g->s, gone->v[i], bin);
	}
}

size_t give_count(struct giving *g, int item, size_t most)
{
	struct ints gone = { 0 };
	size_t n = 0;
	int bin;

	if (most == 0 || g->all == 0 || g->s->items[item].u->priority <= g->lowest)
		return 0;
	bin = give_find(g, item, &gone);
	if (bin >= 0) {
		size_t here;

		give_settle(g, item, bin, &gone);
		/* Where these had only to be absent, any number may fit now. */
		here = state_fill(g->s, item, bin, most - 1);
		n = 1 + here + give_count(g, item, most - 1 - here);
		for (size_t i = 0; i < here; i++)
			state_take(g->s, item, bin);
		give_undo(g, item, bin, &gone);
	}
	free(gone.v);
	return n;
}
