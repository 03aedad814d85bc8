/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room.c - how many more instances of a tier its pool has room for, and which instance of
 * a lower priority gives way to one that waits.
 */
#include "check.h"
#include "give.h"
#include "place.h"
#include "sorted.h"

#include <string.h>

#define ON_A_HOST_MAX 1000 /* more is no limit */

struct rooms {
	struct state s;
	const struct place_tier *tiers;
	size_t n_tiers;
	struct place_room *ret;
	size_t *tier_of; /* [n_items] index in tiers; n_tiers: none */
	bool *is_busy;   /* [n_pools] one of its units drains */
};

static int by_names(const struct place_tier *t, const struct place_unit *u)
{
	int d = strcmp(t->stack, u->stack);

	return d ? d : strcmp(t->tier, u->tier);
}

static size_t find_tier(const struct rooms *r, const struct place_unit *u)
{
	size_t i = SORTED_PLACE(r->n_tiers, k, by_names(&r->tiers[k], u) < 0);

	return i < r->n_tiers && by_names(&r->tiers[i], u) == 0 ? i : r->n_tiers;
}

static void count_placed(struct rooms *r)
{
	for (int i = 0; i < r->s.n_items; i++) {
		const struct item *it = &r->s.items[i];

		r->tier_of[i] = find_tier(r, it->u);
		if (it->u->drains && it->bin >= 0 && it->pool >= 0)
			r->is_busy[it->pool] = true;
		if (it->u->leaving || it->fleet->global || r->tier_of[i] == r->n_tiers)
			continue;
		if (it->bin >= 0)
			r->ret[r->tier_of[i]].has++;
		else
			r->ret[r->tier_of[i]].waiting++;
	}
}

/* ---------------------------------------------------------------- giving way */

/* Takes what drains off its bins, or puts it back: its room comes soon. */
static void let_go(struct state *s, bool is_off)
{
	for (int i = 0; i < s->n_items; i++) {
		const struct item *it = &s->items[i];

		if (!it->u->drains || it->bin < 0)
			continue;
		if (is_off)
			state_take(s, i, it->bin);
		else
			state_put(s, i, it->bin);
	}
}

/* False when no room for it can be made. */
static bool make_room(struct rooms *r, struct giving *g, int item)
{
	const struct item *it = &r->s.items[item];
	struct place_room *room = &r->ret[r->tier_of[item]];
	struct ints gone = { 0 };
	const int bin = give_find(g, item, &gone);

	if (bin >= 0) {
		give_settle(g, item, bin, &gone);
		room->keep = r->s.bins[bin].index;
		room->others++;
	}
	if (gone.n > 0 && !r->is_busy[it->pool]) {
		struct place_room *giver = &r->ret[r->tier_of[gone.v[0]]];

		giver->gives = r->s.items[gone.v[0]].index;
		giver->taker = r->tier_of[item];
	}
	/* They run on meanwhile. */
	for (int i = 0; i < gone.n; i++)
		state_move(&r->s, gone.v[i], bin);
	free(gone.v);
	return bin >= 0;
}

/* For the first of each pool that waits and for which there can be room. What is true of
 * one is true of its tier. */
static void find_gives(struct rooms *r, struct giving *g)
{
	CLEANUP(free) bool *is_vain = xcalloc(r->n_tiers + 1, sizeof(*is_vain));
	CLEANUP(free)
	bool *is_done = xcalloc(r->s.in->n_pools + 1, sizeof(*is_done));

	let_go(&r->s, true);
	for (int i = 0; i < r->s.waiting.n; i++) {
		const int item = r->s.waiting.v[i];
		const struct item *it = &r->s.items[item];

		if (it->bin >= 0 || it->pool < 0 || is_done[it->pool] ||
		    r->s.in->pools[it->pool].going > 0 ||
		    r->tier_of[item] == r->n_tiers || is_vain[r->tier_of[item]])
			continue;
		is_done[it->pool] = make_room(r, g, item);
		is_vain[r->tier_of[item]] = !is_done[it->pool];
	}
	let_go(&r->s, false);
}

/* ---------------------------------------------------------------- room */

/* As many as fit, up to most; *put gets the bin of each. */
static size_t fill(struct state *s, int probe, int bin, size_t most, struct ints *put)
{
	const size_t n = state_fill(s, probe, bin, most);

	for (size_t i = 0; i < n; i++)
		ints_add(put, bin);
	return n;
}

static void take_back(struct state *s, int probe, struct ints *put, size_t n)
{
	for (; n > 0; n--)
		state_take(s, probe, put->v[--put->n]);
}

/* For how many there is room on new hosts. */
static size_t fit_on_fresh(struct state *s, int probe, struct ints *put)
{
	const int pool = s->items[probe].pool;
	const size_t left = place_hosts_left(s, pool);
	size_t n;
	int bin;

	if (left == 0)
		return 0;
	bin = state_add_fresh(s, pool);
	n = fill(s, probe, bin, ON_A_HOST_MAX, put);
	take_back(s, probe, put, n);
	state_drop_fresh(s);
	return n == ON_A_HOST_MAX ? PLACE_NO_LIMIT : left * n;
}

/* For how many there is room; *put gets the bins of those that are put on hosts. */
static size_t fit_in_pool(struct state *s, int probe, size_t most, struct ints *put)
{
	const struct item *it = &s->items[probe];
	size_t n = 0, fresh;

	/* With whom it must share a host is not known beforehand. */
	if (it->pool < 0 || it->lacks_peer)
		return PLACE_NO_LIMIT;
	for (int i = 0; i < s->pool_bins[it->pool].n && n < most; i++) {
		const int bin = s->pool_bins[it->pool].v[i];
		size_t here;

		if (s->bins[bin].state > PLACE_BOOTING || state_avoids(s, probe, bin))
			continue;
		here = fill(s, probe, bin, MIN(most - n, (size_t)ON_A_HOST_MAX), put);
		if (here == ON_A_HOST_MAX)
			return PLACE_NO_LIMIT;
		n += here;
	}
	if (n >= most)
		return n;
	fresh = fit_on_fresh(s, probe, put);
	return fresh == PLACE_NO_LIMIT ? fresh : n + fresh;
}

static void find_more(struct rooms *r, struct giving *g, size_t tier)
{
	struct place_room *room = &r->ret[tier];
	struct ints put = { 0 };
	int probe;

	if (r->tiers[tier].probe == PLACE_NOWHERE)
		return;
	probe = state_find_item(&r->s, r->s.in->units[r->tiers[tier].probe].name);
	room->more = fit_in_pool(&r->s, probe, r->tiers[tier].most, &put);
	if (room->more < r->tiers[tier].most)
		room->others += give_count(
			g, probe,
			MIN(r->tiers[tier].most - room->more, (size_t)ON_A_HOST_MAX));
	take_back(&r->s, probe, &put, (size_t)put.n);
	free(put.v);
}

void placement_find_room(const struct place_input *in, const struct place_tier *tiers,
			 size_t n_tiers, struct place_room *ret)
{
	struct placement out = { .n_rows = in->n_units };
	struct rooms r = { .tiers = tiers, .n_tiers = n_tiers, .ret = ret };
	struct giving g;

	out.rows = xcalloc(in->n_units + 1, sizeof(*out.rows));
	out.demand = xcalloc(in->n_pools + 1, sizeof(*out.demand));
	state_init(&r.s, in, &out);
	placement_place_all(&r.s);
	placement_find_demand(&r.s);
	r.tier_of = xcalloc(in->n_units + 1, sizeof(*r.tier_of));
	r.is_busy = xcalloc(in->n_pools + 1, sizeof(*r.is_busy));
	for (size_t i = 0; i < n_tiers; i++)
		ret[i] = (struct place_room){ .gives = PLACE_NOWHERE,
					      .keep = PLACE_NOWHERE };
	count_placed(&r);
	give_init(&g, &r.s, tiers, n_tiers, r.tier_of);
	find_gives(&r, &g);
	for (size_t i = 0; i < n_tiers; i++)
		find_more(&r, &g, i);
	give_done(&g);
	free(r.tier_of);
	free(r.is_busy);
	state_done(&r.s);
	placement_done(&out);
}
