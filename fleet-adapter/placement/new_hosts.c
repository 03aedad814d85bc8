/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Items without a place are packed into new hosts: the demand for hosts. */
#include "check.h"
#include "place.h"
#include "rows.h"

static void count_hosts(struct state *s)
{
	for (int i = 0; i < s->n_hosts; i++)
		if (s->bins[i].pool >= 0 && s->bins[i].state != PLACE_DRAINING)
			s->out->demand[s->bins[i].pool].have++;
}

size_t place_hosts_left(const struct state *s, int pool)
{
	const struct place_demand *d = &s->out->demand[pool];
	const struct place_pool *p = &s->in->pools[pool];
	const size_t all = d->have + d->fresh + p->going;

	return p->max + p->extra > all ? p->max + p->extra - all : 0;
}

/* A new host that can take the item; -1 when the pool allows none. */
static int ask_for_host(struct state *s, int item)
{
	int pool = s->items[item].pool;
	struct place_demand *d = &s->out->demand[pool];
	int bin = state_add_fresh(s, pool);
	enum place_why why = state_able(s, item, bin);

	if (why == WHY_NONE && place_hosts_left(s, pool) > 0) {
		d->fresh++;
		return bin;
	}
	state_drop_fresh(s);
	if (why == WHY_ROOM) {
		place_set_reason(s, item, "it is larger than a host of pool %s",
				 s->in->pools[pool].name);
	} else if (why == WHY_NONE) {
		d->short_units++;
		place_set_reason(s, item, "pool %s is at its maximum of %zu hosts",
				 s->in->pools[pool].name, s->in->pools[pool].max);
	}
	return -1;
}

/* The host to avoid, as a last resort; -1. */
static int avoided_host(const struct state *s, int item)
{
	for (int i = 0; i < s->n_hosts; i++)
		if (state_avoids(s, item, i) && s->bins[i].state == PLACE_UP &&
		    !s->bins[i].is_leaving && state_able(s, item, i) == WHY_NONE)
			return i;
	return -1;
}

/* Packs waiting items into booting hosts, then into new ones. */
static void pack_waiting(struct state *s)
{
	int why[WHY_COUNT];

	for (int i = 0; i < s->waiting.n; i++) {
		int item = s->waiting.v[i];
		int from = s->items[item].bin;
		int bin;

		if (s->items[item].pool < 0)
			continue;
		state_move(s, item, -1);
		bin = state_best(s, item, 1u << PLACE_BOOTING, why);
		if (bin < 0)
			bin = ask_for_host(s, item);
		if (bin < 0 && (bin = avoided_host(s, item)) >= 0) {
			place_settle(s, item, bin);
			continue;
		}
		state_move(s, item, bin >= 0 ? bin : from);
		if (bin >= 0 && s->bins[bin].h)
			place_set_reason(s, item, "waits for host %s to join",
					 s->bins[bin].id);
		else if (bin >= 0)
			place_set_reason(s, item, "waits for a new host of pool %s",
					 s->items[item].u->pool);
	}
}

/* Those that still run return to where they are; the room that they wait for stays
 * reserved. */
static void return_waiting(struct state *s)
{
	for (int i = 0; i < s->waiting.n; i++) {
		int item = s->waiting.v[i];
		int bin = s->items[item].bin;
		int was = s->items[item].was;

		if (place_row_of(s, item)->action != PLACE_STAY || bin < 0 || bin == was)
			continue;
		state_move(s, item, was);
		state_put(s, item, bin);
	}
}

static void keep_minimum(struct state *s)
{
	for (size_t i = 0; i < s->in->n_pools; i++) {
		struct place_demand *d = &s->out->demand[i];

		if (d->have + d->fresh < s->in->pools[i].min)
			d->fresh = s->in->pools[i].min - d->have;
	}
}

void placement_find_demand(struct state *s)
{
	count_hosts(s);
	pack_waiting(s);
	return_waiting(s);
	keep_minimum(s);
}
