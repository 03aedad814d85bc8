/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place_units.h"

#include "check.h"
#include "place_input.h"

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

/* ---------------------------------------------------------------- the result */

static void apply_row(struct fleet *f, struct fleet_unit *u, const struct place_row *row,
		      const struct place_building *b, struct place_moves *m,
		      struct place_result *ret)
{
	switch (row->action) {
	case PLACE_START:
		/* It has left a host that is not heard. */
		if (*u->u.host)
			fleet_unit_unplace(f, u);
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
	CLEANUP(place_building_done) struct place_building b = { 0 };
	CLEANUP(placement_done) struct placement p = { 0 };
	size_t row = 0;

	place_build(f, &b);
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
