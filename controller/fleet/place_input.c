/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place_input.h"

#include "adopt_host.h"
#include "check.h"
#include "sorted.h"
#include "stack_catalog.h"

#include <string.h>

void place_building_done(struct place_building *b)
{
	for (size_t i = 0; i < b->n_hosts; i++)
		words_done(&b->metadata[i]);
	for (size_t i = 0; i < b->n_units; i++)
		x_fleet_done(&b->x_fleets[i]);
	free(b->hosts);
	free(b->units);
	free(b->pools);
	free(b->metadata);
	free(b->x_fleets);
}

/* A pool that nobody has any more; its hosts go when they are empty, heard or not. */
static bool is_unwanted(const struct fleet *f, const struct fleet_host *h)
{
	const struct db_pool *p = fleet_pool(f, h->h.pool);

	return p && p->max == 0;
}

static enum place_host_state state_of(const struct fleet *f, const struct fleet_host *h)
{
	if (h->h.state >= DB_HOST_DRAINING)
		return PLACE_DRAINING;
	/* What it runs is not known yet. */
	if (adopt_is_open(&h->h))
		return PLACE_SILENT;
	if (h->h.state < DB_HOST_UP || !h->h.ready_ms)
		return PLACE_BOOTING;
	return h->alive || (h->h.unknown_ms && is_unwanted(f, h)) ? PLACE_UP
								  : PLACE_SILENT;
}

static void add_host(const struct fleet *f, struct place_building *b,
		     const struct fleet_host *h)
{
	struct words *metadata = &b->metadata[b->n_hosts];
	const char *key;
	json_t *value;

	if (h->metadata) {
		/* Only strings are used. */
		json_object_foreach(h->metadata, key, value) if (json_is_string(value))
			words_addf(metadata, "%s=%s", key, json_string_value(value));
	}
	b->hosts[b->n_hosts++] = (struct place_host){
		.id = h->h.id,
		.pool = h->h.pool,
		.state = state_of(f, h),
		.cpu = h->h.cpu,
		.memory_bytes = h->h.memory_bytes,
		.metadata = metadata,
		.joined_ms = h->h.joined_ms ? h->h.joined_ms : h->h.requested_ms,
		.is_kept = h->is_kept,
		.kept_priority = h->kept_priority,
	};
}

/* One whose name can exist only once has no other in its place while its host is not
 * heard: it stays there in name until it is placed elsewhere. */
static bool must_move(const struct fleet_unit *u)
{
	return u->away && u->u.goal == DB_GOAL_RUN && u->host && !u->host->alive &&
	       u->tier && u->tier->cat && !u->tier->cat->unit->is_template &&
	       !fleet_unit_is_banned(u);
}

void place_add_unit(struct place_building *b, const struct fleet_unit *u)
{
	const struct fleet_tier *t = u->tier;
	struct x_fleet *x = &b->x_fleets[b->n_units];
	struct place_unit *p = &b->units[b->n_units++];
	char name[UNIT_NAME_TEXT];

	*p = (struct place_unit){
		.name = u->u.name,
		.stack = u->u.stack,
		.tier = u->u.tier,
		.pool = t         ? t->t.pool
			: u->host ? u->host->h.pool
				  : "",
		.host = *u->u.host && !must_move(u) ? u->u.host : NULL,
		.leaving = u->u.goal == DB_GOAL_DRAIN || u->leaving,
		.drains = u->u.goal == DB_GOAL_DRAIN,
		.sick = u->made_up,
		.pinned = !t || t->t.stateful,
		.priority = t ? (int)t->t.priority : 0,
		.wanted_ms = u->u.wanted_ms,
		.avoid = t && t->avoid && *t->avoid ? t->avoid : NULL,
	};
	if (!t || !t->cat)
		return;
	/* Checked when the stack was applied; an unreadable rule is ignored. */
	if (x_fleet_read(t->cat->unit->file, fleet_unit_name(u, name), x, NULL, NULL) ==
	    0)
		p->fleet = x;
	p->single = !t->cat->unit->is_template;
	p->cpu = t->cat->resources.cpu;
	p->memory_bytes = t->cat->resources.memory_bytes;
	p->ports = t->cat->ports;
	p->n_ports = t->cat->n_ports;
}

/* Pools are ordered by name. */
static struct place_pool *pool_of(const struct place_building *b, size_t n,
				  const char *name)
{
	const size_t i = SORTED_PLACE(n, k, strcmp(b->pools[k].name, name) < 0);

	return i < n && strcmp(b->pools[i].name, name) == 0 ? &b->pools[i] : NULL;
}

/* In the place of hosts that are not heard one more, or a tenth, may come. */
static void add_extra(struct place_pool *p, const struct db_pool *declared,
		      const struct fleet_host *h)
{
	const bool is_bound =
		declared->has_quota && declared->quota_most <= declared->max;
	const size_t most = p->max > 0 && !is_bound ? MAX(p->max / 10, (size_t)1) : 0;

	p->extra += h->h.is_replaced && h->h.state == DB_HOST_UP && p->extra < most;
}

/* Hosts that are being terminated still exist, and cost. A new host is as large as those
 * that its pool has, where the pool does not say. */
static void add_hosts_to_pools(const struct fleet *f, struct place_building *b)
{
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct db_host *h = &f->hosts[i].h;
		struct place_pool *p = pool_of(b, f->pools.n, h->pool);
		const struct db_pool *declared = p ? &f->pools.v[p - b->pools] : NULL;

		if (!p)
			continue;
		p->going += h->state == DB_HOST_TERMINATING;
		add_extra(p, declared, &f->hosts[i]);
		if (declared->cpu <= 0)
			p->cpu = MAX(p->cpu, h->cpu);
		if (declared->memory_bytes <= 0)
			p->memory_bytes = MAX(p->memory_bytes, h->memory_bytes);
	}
}

void place_build(const struct fleet *f, struct place_building *b)
{
	b->hosts = xcalloc(f->n_hosts, sizeof(*b->hosts));
	b->metadata = xcalloc(f->n_hosts, sizeof(*b->metadata));
	b->units = xcalloc(f->n_units + f->n_tiers, sizeof(*b->units));
	b->x_fleets = xcalloc(f->n_units + f->n_tiers, sizeof(*b->x_fleets));
	b->pools = xcalloc(f->pools.n, sizeof(*b->pools));
	for (size_t i = 0; i < f->n_hosts; i++)
		if (f->hosts[i].h.state < DB_HOST_TERMINATING)
			add_host(f, b, &f->hosts[i]);
	for (size_t i = 0; i < f->n_units; i++)
		if (!f->units[i].gone)
			place_add_unit(b, &f->units[i]);
	for (size_t i = 0; i < f->pools.n; i++) {
		const struct db_pool *p = &f->pools.v[i];

		b->pools[i] = (struct place_pool){
			.name = p->name,
			.cpu = p->cpu,
			.memory_bytes = p->memory_bytes,
			.min = (size_t)p->min,
			.max = (size_t)fleet_pool_most(p),
		};
	}
	add_hosts_to_pools(f, b);
}

bool place_add_probe(struct place_building *b, const struct fleet_tier *t,
		     char name[UNIT_NAME_TEXT])
{
	struct fleet_unit u = { .tier = (struct fleet_tier *)(uintptr_t)t,
				.leaving = true };
	char nowhere[] = "";

	if (!t->cat || !t->cat->unit->is_template ||
	    unit_name_of_template(t->t.unit, "0", name, NULL) < 0)
		return false;
	u.u.name = name;
	u.u.stack = t->t.stack;
	u.u.tier = t->t.name;
	u.u.host = nowhere;
	place_add_unit(b, &u);
	return true;
}
