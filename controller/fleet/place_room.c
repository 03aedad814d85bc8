/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place_room.h"

#include "check.h"
#include "place_input.h"

#include <stdio.h>
#include <string.h>

typedef char probe_name[UNIT_NAME_TEXT];

struct finding {
	struct fleet *f;
	struct place_building b;
	struct place_tier *tiers;
	struct place_room *rooms;
	probe_name *names;
};

static void finding_done(struct finding *x)
{
	place_building_done(&x->b);
	free(x->tiers);
	free(x->rooms);
	free(x->names);
}
DEFINE_CLEANUP_OBJECT(struct finding, finding_done);

/* No more than its maximum is ever asked for. */
static size_t most_of(const struct fleet_tier *t)
{
	const int64_t most = t->t.max - (int64_t)t->n_units;

	return t->t.max < 0 ? SIZE_MAX : (size_t)MAX(most, INT64_C(0)) + t->draining;
}

static void add_tiers(struct finding *x, const size_t *spare)
{
	const struct fleet *f = x->f;

	x->tiers = xcalloc(f->n_tiers, sizeof(*x->tiers));
	x->rooms = xcalloc(f->n_tiers, sizeof(*x->rooms));
	x->names = xcalloc(f->n_tiers, sizeof(*x->names));
	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *t = &f->tiers[i];
		const size_t at = x->b.n_units;
		const bool has_more = place_add_probe(&x->b, t, x->names[i]);

		x->tiers[i] = (struct place_tier){ .stack = t->t.stack,
						   .tier = t->t.name,
						   .probe = has_more ? at : PLACE_NOWHERE,
						   .spare = spare[i],
						   .most = most_of(t) };
	}
}

/* One of a lower priority in the same pool that gives, or just gave. */
static const struct fleet_tier *giver_for(const struct fleet *f,
					  const struct fleet_tier *t, const size_t *spare)
{
	const struct fleet_tier *best = NULL;

	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *o = &f->tiers[i];

		if (strcmp(o->t.pool, t->t.pool) == 0 && o->t.priority < t->t.priority &&
		    (spare[i] > 0 || o->draining > 0) &&
		    (!best || o->t.priority < best->t.priority))
			best = o;
	}
	return best;
}

static void keep_host(struct finding *x, size_t host, int priority)
{
	struct fleet_host *h = fleet_host(x->f, x->b.hosts[host].id);

	h->is_kept = true;
	h->kept_priority = priority;
}

/* Those on hosts that have no other in their place: as many as are desired, or fewer. */
static bool is_carried(const struct fleet *f, const struct fleet_tier *t)
{
	int64_t n = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		n += u->host && u->u.goal == DB_GOAL_RUN && !u->gone && !u->leaving &&
		     !u->made_up && !u->away;
	}
	return n >= t->t.desired;
}

static void give(struct finding *x, struct fleet_tier *t, const struct place_room *r)
{
	const struct place_unit *p = &x->b.units[r->gives];

	for (size_t k = t->first_unit; k < t->first_unit + t->n_units; k++) {
		struct fleet_unit *u = &x->f->units[k];

		u->given = strcmp(u->u.name, p->name) == 0;
	}
	/* One in whose place another runs already is one too many as it is. */
	if (!p->sick || !is_carried(x->f, t))
		t->room.yields_to = &x->f->tiers[r->taker];
}

static void take_over(struct finding *x, size_t i, const size_t *spare)
{
	struct fleet_tier *t = &x->f->tiers[i];
	const struct place_room *r = &x->rooms[i];
	const bool has_more = x->tiers[i].probe != PLACE_NOWHERE;

	t->room = (struct fleet_room){
		.known = t->cat && (has_more || r->has + r->waiting > 0),
		.waiting = (int64_t)r->waiting,
		.most = r->more == PLACE_NO_LIMIT
				? -1
				: (int64_t)(r->has + r->more + r->others),
	};
	if (r->keep != PLACE_NOWHERE)
		keep_host(x, r->keep, (int)t->t.priority);
	if (r->waiting > 0)
		t->room.takes_from = giver_for(x->f, t, spare);
	if (r->gives != PLACE_NOWHERE)
		give(x, t, r);
}

void place_find_room(struct fleet *f, const size_t *spare)
{
	CLEANUP(finding_done) struct finding x = { .f = f };

	place_build(f, &x.b);
	add_tiers(&x, spare);
	placement_find_room(
		&(struct place_input){
			.hosts = x.b.hosts,
			.n_hosts = x.b.n_hosts,
			.units = x.b.units,
			.n_units = x.b.n_units,
			.pools = x.b.pools,
			.n_pools = f->pools.n,
		},
		x.tiers, f->n_tiers, x.rooms);
	for (size_t i = 0; i < f->n_tiers; i++)
		take_over(&x, i, spare);
}

static void describe_short(const struct fleet *f, const struct fleet_tier *t, char *text,
			   size_t size)
{
	const struct db_pool *pool = fleet_pool(f, t->t.pool);
	char bound[64];

	if (t->lacks > 0)
		snprintf(text, size,
			 "%s/%s lacks %lld instances: pool %s has room for %lld (%s)",
			 t->t.stack, t->t.name, (long long)t->lacks, t->t.pool,
			 (long long)t->room.most,
			 fleet_pool_bound(pool, bound, sizeof(bound)));
	else
		snprintf(text, size,
			 "%s/%s waits for room for %lld instances in pool %s, which "
			 "%s/%s, whose priority is lower, gives up one at a time",
			 t->t.stack, t->t.name, (long long)t->room.waiting, t->t.pool,
			 t->room.takes_from->t.stack, t->room.takes_from->t.name);
}

bool place_short_of_room(const struct fleet *f, char *text, size_t size)
{
	size_t others = 0, n;

	*text = '\0';
	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *t = &f->tiers[i];

		if (t->lacks == 0 && !t->room.takes_from)
			continue;
		if (*text)
			others++;
		else
			describe_short(f, t, text, size);
	}
	n = strlen(text);
	if (others)
		snprintf(text + n, size - n, "; %zu more tiers are short of hosts",
			 others);
	return *text;
}
