/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place_units.h"

#include "check.h"
#include "placement.h"
#include "stack_catalog.h"

#include <stdio.h>
#include <string.h>

struct place_moves {
	struct words units; /* names */
};

struct place_moves *place_moves_new(void)
{
	return xcalloc(1, sizeof(struct place_moves));
}

void place_moves_free(struct place_moves *m)
{
	if (!m)
		return;
	words_done(&m->units);
	free(m);
}

void place_mark_moves(struct place_moves *m, struct fleet *f)
{
	struct words still = { 0 };

	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (u->u.goal != DB_GOAL_RUN || !words_has(&m->units, u->u.name))
			continue;
		u->leaving = true;
		words_add(&still, u->u.name);
	}
	words_done(&m->units);
	m->units = still;
}

bool place_misplaced(const struct fleet *f, char *text, size_t size)
{
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (!u->host || !u->tier || !u->tier->t.stateful || u->leaving ||
		    u->u.goal != DB_GOAL_RUN ||
		    strcmp(u->host->h.pool, u->tier->t.pool) == 0)
			continue;
		snprintf(text, size,
			 "unit %s of %s/%s stays on host %s of pool %s: it is stateful; "
			 "drain that host (foretide drain %s) to move it to pool %s",
			 u->u.name, u->u.stack, u->u.tier, u->host->h.id, u->host->h.pool,
			 u->host->h.id, u->tier->t.pool);
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- the input */

struct building {
	struct place_host *hosts;
	struct place_unit *units;
	struct place_pool *pools;
	struct words *metadata;   /* of the hosts */
	struct x_fleet *x_fleets; /* of the units */
	size_t n_hosts, n_units;
};

static void building_done(struct building *b)
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
DEFINE_CLEANUP_OBJECT(struct building, building_done);

static enum place_host_state state_of(const struct fleet_host *h)
{
	if (h->h.state >= DB_HOST_DRAINING)
		return PLACE_DRAINING;
	if (h->h.state < DB_HOST_UP || !h->h.ready_ms)
		return PLACE_BOOTING;
	return h->alive ? PLACE_UP : PLACE_SILENT;
}

static void add_host(struct building *b, const struct fleet_host *h)
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
		.state = state_of(h),
		.cpu = h->h.cpu,
		.memory_bytes = h->h.memory_bytes,
		.metadata = metadata,
		.joined_ms = h->h.joined_ms ? h->h.joined_ms : h->h.requested_ms,
	};
}

static void add_unit(struct building *b, const struct fleet_unit *u)
{
	const struct fleet_tier *t = u->tier;
	struct x_fleet *x = &b->x_fleets[b->n_units];
	struct place_unit *p = &b->units[b->n_units++];

	*p = (struct place_unit){
		.name = u->u.name,
		.stack = u->u.stack,
		.tier = u->u.tier,
		.pool = t         ? t->t.pool
			: u->host ? u->host->h.pool
				  : "",
		.host = *u->u.host ? u->u.host : NULL,
		.leaving = u->u.goal != DB_GOAL_RUN || u->leaving,
		.pinned = !t || t->t.stateful,
		.priority = t ? (int)t->t.priority : 0,
		.wanted_ms = u->u.wanted_ms,
		.avoid = t && t->avoid && *t->avoid ? t->avoid : NULL,
	};
	if (!t || !t->cat)
		return;
	/* Checked when the stack was applied; an unreadable rule is ignored. */
	if (x_fleet_read(t->cat->unit->file, u->u.name, x, NULL, NULL) == 0)
		p->fleet = x;
	p->single = !t->cat->unit->is_template;
	p->cpu = t->cat->resources.cpu;
	p->memory_bytes = t->cat->resources.memory_bytes;
	p->ports = t->cat->ports;
	p->n_ports = t->cat->n_ports;
}

static void build(const struct fleet *f, struct building *b)
{
	b->hosts = xcalloc(f->n_hosts, sizeof(*b->hosts));
	b->metadata = xcalloc(f->n_hosts, sizeof(*b->metadata));
	b->units = xcalloc(f->n_units, sizeof(*b->units));
	b->x_fleets = xcalloc(f->n_units, sizeof(*b->x_fleets));
	b->pools = xcalloc(f->pools.n, sizeof(*b->pools));
	for (size_t i = 0; i < f->n_hosts; i++)
		if (f->hosts[i].h.state < DB_HOST_TERMINATING)
			add_host(b, &f->hosts[i]);
	for (size_t i = 0; i < f->n_units; i++)
		if (!f->units[i].gone)
			add_unit(b, &f->units[i]);
	for (size_t i = 0; i < f->pools.n; i++) {
		const struct db_pool *p = &f->pools.v[i];

		b->pools[i] = (struct place_pool){
			.name = p->name,
			.cpu = p->cpu,
			.memory_bytes = p->memory_bytes,
			.min = (size_t)p->min,
			.max = (size_t)p->max,
		};
	}
}

/* ---------------------------------------------------------------- the result */

static void apply_row(struct fleet *f, struct fleet_unit *u, const struct place_row *row,
		      const struct building *b, struct place_moves *m,
		      struct place_result *ret)
{
	switch (row->action) {
	case PLACE_START:
		fleet_unit_set(u, &u->u.host, b->hosts[row->host].id);
		fleet_unit_set(u, &u->u.message, "");
		u->u.placed_ms = f->now_ms;
		u->dirty = true;
		break;
	case PLACE_MOVE:
		if (!words_has(&m->units, u->u.name))
			words_add(&m->units, u->u.name);
		break;
	case PLACE_WAIT:
		ret->waiting++;
		fleet_unit_set(u, &u->u.message, row->reason ? row->reason : "");
		break;
	case PLACE_STAY:
	case PLACE_GLOBAL:
		break;
	}
}

void place_units(struct fleet *f, struct place_moves *m, size_t max_moves,
		 struct place_result *ret)
{
	CLEANUP(building_done) struct building b = { 0 };
	CLEANUP(placement_done) struct placement p = { 0 };
	size_t row = 0;

	build(f, &b);
	placement_decide(
		&(struct place_input){
			.hosts = b.hosts,
			.n_hosts = b.n_hosts,
			.units = b.units,
			.n_units = b.n_units,
			.pools = b.pools,
			.n_pools = f->pools.n,
			.max_moves = m->units.n ? 0 : max_moves,
		},
		&p);
	*ret = (struct place_result){
		.want = xcalloc(f->pools.n, sizeof(int64_t)),
		.leave = xcalloc(p.n_leave, sizeof(char *)),
	};
	for (size_t i = 0; i < f->n_units; i++)
		if (!f->units[i].gone)
			apply_row(f, &f->units[i], &p.rows[row++], &b, m, ret);
	for (size_t i = 0; i < f->pools.n; i++)
		ret->want[i] = (int64_t)(p.demand[i].have + p.demand[i].fresh);
	for (size_t i = 0; i < p.n_leave; i++)
		if (p.leave[i].moves == 0)
			ret->leave[ret->n_leave++] = b.hosts[p.leave[i].host].id;
	fleet_index(f);
}

void place_result_done(struct place_result *r)
{
	free(r->want);
	free(r->leave);
	*r = (struct place_result){ 0 };
}
