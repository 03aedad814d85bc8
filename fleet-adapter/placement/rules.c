/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether an item can be on a bin, and which bin is the best. */
#include "check.h"
#include "state.h"
#include "unitfile.h"

#include <string.h>

#define FOLLOW_MAX 16 /* links of MachineOf that are followed */

static bool is_replacing(const struct item *a, const struct item *b)
{
	for (size_t i = 0; i < a->fleet->replaces.n; i++)
		if (unit_glob(a->fleet->replaces.v[i], b->u->name))
			return true;
	return false;
}

bool state_displaces(const struct state *s, int a, int b)
{
	const struct item *x = &s->items[a], *y = &s->items[b];

	return a != b && x->fleet->replaces.n && y->is_replaced && is_replacing(x, y) &&
	       !is_replacing(y, x);
}

/* Whether it must not be displaced: not twice per round, nor with peers or followers. */
static bool stands_firm(const struct item *it)
{
	return it->is_displaced || it->u->pinned || it->u->leaving || it->fleet->global ||
	       it->peers.n || it->followers.n;
}

/* Whether Replaces of an item on the bin, or its own, keeps the item off. */
static bool is_kept_off(const struct state *s, int item, int bin)
{
	const struct item *it = &s->items[item];
	const struct bin *b = &s->bins[bin];

	if (!it->fleet->replaces.n && !it->is_replaced)
		return false;
	for (int i = 0; i < b->items.n; i++) {
		int other = b->items.v[i];

		if (state_displaces(s, other, item))
			return true;
		if (state_displaces(s, item, other) &&
		    (it->is_displaced || stands_firm(&s->items[other])))
			return true;
	}
	return false;
}

static bool is_conflicting(const struct state *s, const struct item *it, int bin)
{
	const struct bin *b = &s->bins[bin];

	for (int i = 0; i < it->held.n; i++)
		if (tally_get(&b->hit, it->held.v[i]) > 0)
			return true;
	for (int i = 0; i < it->hit.n; i++)
		if (tally_get(&b->held, it->hit.v[i]) > 0)
			return true;
	return false;
}

static bool has_peers_on(const struct state *s, const struct item *it, int bin)
{
	if (it->lacks_peer)
		return false;
	for (int i = 0; i < it->peers.n; i++)
		if (s->items[it->peers.v[i]].bin != bin)
			return false;
	return true;
}

enum place_why state_rules(const struct state *s, int item, int bin)
{
	const struct item *it = &s->items[item];
	const struct bin *b = &s->bins[bin];

	if (it->pool < 0 || it->pool != b->pool)
		return WHY_POOL;
	if (it->fleet->machine_id && !x_fleet_is_machine(it->fleet, b->id))
		return WHY_MACHINE;
	if (it->fleet->metadata.n && !x_fleet_metadata_fits(it->fleet, b->metadata))
		return WHY_METADATA;
	if (!has_peers_on(s, it, bin))
		return WHY_PEER;
	if (is_conflicting(s, it, bin) || is_kept_off(s, item, bin))
		return WHY_CONFLICT;
	return WHY_NONE;
}

static bool has_room(const struct state *s, int item, int bin)
{
	const struct item *it = &s->items[item];
	const struct bin *b = &s->bins[bin];
	double cpu = b->cpu_used + it->cpu;
	int64_t memory = b->memory_used + it->memory_bytes;

	for (int i = 0; it->fleet->replaces.n && i < b->items.n; i++) {
		if (state_displaces(s, item, b->items.v[i])) {
			cpu -= s->items[b->items.v[i]].u->cpu;
			memory -= s->items[b->items.v[i]].u->memory_bytes;
		}
	}
	return (b->cpu <= 0 || cpu <= b->cpu + 1e-9) &&
	       (b->memory_bytes <= 0 || memory <= b->memory_bytes);
}

/* Whether its followers could move too; their peers move with the item. */
static bool can_follow(const struct state *s, const struct item *it, int bin, int depth)
{
	for (int i = 0; i < it->followers.n && depth < FOLLOW_MAX; i++) {
		const struct item *f = &s->items[it->followers.v[i]];

		if (f->u->leaving || f->bin == bin)
			continue;
		if (f->pool != s->bins[bin].pool || is_conflicting(s, f, bin) ||
		    !x_fleet_metadata_fits(f->fleet, s->bins[bin].metadata) ||
		    !can_follow(s, f, bin, depth + 1))
			return false;
	}
	return true;
}

/* Whether the host is kept for another of a higher priority. */
static bool is_kept_for_another(const struct state *s, int item, int bin)
{
	const struct place_host *h = s->bins[bin].h;

	return h && h->is_kept && s->items[item].u->priority < h->kept_priority;
}

enum place_why state_able(const struct state *s, int item, int bin)
{
	enum place_why why = state_rules(s, item, bin);

	if (why == WHY_NONE && is_kept_for_another(s, item, bin))
		why = WHY_KEPT;

	if (why == WHY_NONE && !has_room(s, item, bin))
		why = WHY_ROOM;
	if (why == WHY_NONE && s->items[item].followers.n &&
	    !can_follow(s, &s->items[item], bin, 0))
		why = WHY_PEER;
	return why;
}

int state_tier_count(const struct state *s, int item, int bin)
{
	return tally_get(&s->bins[bin].tiers, s->items[item].tier);
}

/* Of two booting hosts the older one is there sooner. */
static bool is_sooner(const struct bin *a, const struct bin *b)
{
	return a->h && b->h && a->state == PLACE_BOOTING && b->state == PLACE_BOOTING &&
	       a->h->joined_ms < b->h->joined_ms;
}

/* How good a place a bin is for an item. */
struct rank {
	int tier; /* items of its tier there */
	double load;
	int count;
};

static struct rank rank_of(const struct state *s, int item, int bin)
{
	const struct bin *b = &s->bins[bin];

	return (struct rank){ tally_get(&b->tiers, s->items[item].tier), b->load,
			      b->count };
}

/* Fewer of the tier, then less load, then fewer units, then sooner there. */
static bool is_better(const struct state *s, const struct rank *a, int bin,
		      const struct rank *b, int than)
{
	const double less = a->load - b->load;

	if (a->tier != b->tier)
		return a->tier < b->tier;
	if (less < -1e-9 || less > 1e-9)
		return less < 0;
	if (a->count != b->count)
		return a->count < b->count;
	return is_sooner(&s->bins[bin], &s->bins[than]);
}

bool state_avoids(const struct state *s, int item, int bin)
{
	const char *avoid = s->items[item].u->avoid;

	return avoid && strcmp(avoid, s->bins[bin].id) == 0;
}

int state_best(const struct state *s, int item, unsigned states, int why[WHY_COUNT])
{
	const struct item *it = &s->items[item];
	const struct ints *bins;
	struct rank its = { 0 };
	int best = -1;

	memset(why, 0, WHY_COUNT * sizeof(*why));
	if (it->pool < 0)
		return -1;
	bins = &s->pool_bins[it->pool];
	for (int i = 0; i < bins->n; i++) {
		const int bin = bins->v[i];
		struct rank here;
		enum place_why w;

		if (!(states & 1u << s->bins[bin].state) || s->bins[bin].is_leaving)
			continue;
		here = rank_of(s, item, bin);
		if (best >= 0 && !is_better(s, &here, bin, &its, best))
			continue;
		w = state_avoids(s, item, bin) ? WHY_AVOIDED : state_able(s, item, bin);
		why[w]++;
		if (w != WHY_NONE)
			continue;
		best = bin;
		its = here;
	}
	return best;
}

bool state_is_burden(const struct state *s, int item)
{
	return !s->items[item].u->leaving && !s->items[item].fleet->global;
}

bool state_is_free(const struct state *s, int item)
{
	const struct item *it = &s->items[item];

	return !it->u->pinned && !it->u->single && !it->fleet->machine_of.n &&
	       !it->followers.n && !it->fleet->replaces.n;
}
