/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place_most.h"

#include "check.h"
#include "place_input.h"
#include "plan_units.h"
#include "stack_catalog.h"

#include <limits.h>
#include <string.h>

#define ROOM_MOST 1000 /* instances that are tried */

/* Others come first, wherever they are now. */
static void add_others(struct place_building *b, const struct fleet *f,
		       const struct fleet_tier *t)
{
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (u->gone || u->u.goal != DB_GOAL_RUN || !u->tier || u->tier == t ||
		    strcmp(u->tier->t.pool, t->t.pool) != 0)
			continue;
		place_add_unit(b, u);
		b->units[b->n_units - 1].host = NULL;
		b->units[b->n_units - 1].priority = INT_MAX;
	}
}

static void add_own(struct place_building *b, const struct fleet_tier *t, size_t n,
		    char (*names)[UNIT_NAME_TEXT])
{
	char nowhere[] = "";

	for (size_t k = 0; k < n; k++) {
		const struct fleet_unit u = {
			.u = { .name = names[k],
			       .stack = t->t.stack,
			       .tier = t->t.name,
			       .host = nowhere },
			.tier = (struct fleet_tier *)(uintptr_t)t,
		};

		unit_instance_name(t->t.unit, k + 1, names[k]);
		place_add_unit(b, &u);
		b->units[b->n_units - 1].priority = 0;
	}
}

/* A new host of the pool. */
static struct place_pool new_hosts(const struct fleet *f, const struct db_pool *p)
{
	struct place_pool ret = { .name = p->name,
				  .cpu = p->cpu,
				  .memory_bytes = p->memory_bytes,
				  .max = (size_t)fleet_pool_most(p) };

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct db_host *h = &f->hosts[i].h;

		if (strcmp(h->pool, p->name) != 0)
			continue;
		ret.cpu = ret.cpu > 0 ? ret.cpu : h->cpu;
		ret.memory_bytes =
			ret.memory_bytes > 0 ? ret.memory_bytes : h->memory_bytes;
	}
	return ret;
}

int64_t place_most(const struct fleet *f, const struct fleet_tier *t)
{
	const struct db_pool *pool = fleet_pool(f, t->t.pool);
	const size_t n = (size_t)MIN(MAX(t->t.max, INT64_C(1)), (int64_t)ROOM_MOST);
	CLEANUP(place_building_done) struct place_building b = { 0 };
	CLEANUP(placement_done) struct placement p = { 0 };
	CLEANUP(free) char(*names)[UNIT_NAME_TEXT] = xcalloc(n, sizeof(*names));
	struct place_pool hosts;
	size_t waiting;

	if (!pool || !t->cat || !t->cat->unit->is_template)
		return -1;
	hosts = new_hosts(f, pool);
	b.units = xcalloc(f->n_units + n, sizeof(*b.units));
	b.x_fleets = xcalloc(f->n_units + n, sizeof(*b.x_fleets));
	add_others(&b, f, t);
	add_own(&b, t, n, names);
	placement_decide(&(struct place_input){ .units = b.units,
						.n_units = b.n_units,
						.pools = &hosts,
						.n_pools = 1 },
			 &p);
	waiting = MIN(p.demand[0].short_units, n);
	return waiting > 0 ? (int64_t)(n - waiting) : -1;
}
