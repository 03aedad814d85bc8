/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place.h"

#include "check.h"
#include "rows.h"

#include <string.h>

static void place(struct state *s, int item);

/* Items on the bin that it replaces are placed elsewhere, or wait. */
static void displace_others(struct state *s, int item, int bin)
{
	struct bin *b = &s->bins[bin];

	for (int i = b->items.n; i-- > 0;) {
		int other = b->items.v[i];

		if (!state_displaces(s, item, other))
			continue;
		s->items[other].is_displaced = true;
		state_move(s, other, -1);
		if (s->items[other].is_done)
			place(s, other);
	}
}

void place_settle(struct state *s, int item, int bin)
{
	int was = s->items[item].was;

	state_move(s, item, bin);
	place_set_row(s, item,
		      was < 0      ? PLACE_START
		      : was == bin ? PLACE_STAY
				   : PLACE_MOVE,
		      bin);
	if (s->items[item].fleet->replaces.n)
		displace_others(s, item, bin);
}

/* Finds a place for an item that has none, or must leave it. */
static void place(struct state *s, int item)
{
	int from = s->items[item].bin;
	int why[WHY_COUNT];
	int bin;

	state_move(s, item, -1);
	bin = state_best(s, item, 1u << PLACE_UP, why);
	if (bin >= 0) {
		place_settle(s, item, bin);
		return;
	}
	state_move(s, item, from);
	place_set_row(s, item, from >= 0 ? PLACE_STAY : PLACE_WAIT, from);
	place_set_no_host_reason(s, item, why);
	ints_add(&s->waiting, item);
}

static bool must_move(struct state *s, int item)
{
	int bin = s->items[item].bin;
	enum place_why why;

	if (s->bins[bin].state == PLACE_DRAINING)
		return true;
	if (s->bins[bin].state == PLACE_SILENT)
		return false;
	state_take(s, item, bin);
	why = state_rules(s, item, bin);
	state_put(s, item, bin);
	return why != WHY_NONE;
}

static void decide_item(struct state *s, int item)
{
	const struct item *it = &s->items[item];

	if (it->fleet->global) {
		place_set_row(s, item, PLACE_GLOBAL, -1);
		return;
	}
	place_set_row(s, item, it->bin >= 0 ? PLACE_STAY : PLACE_WAIT, it->bin);
	if (it->u->leaving)
		return;
	if (it->bin < 0)
		place(s, item);
	else if (!must_move(s, item))
		return;
	else if (it->u->pinned)
		place_set_reason(s, item, "should leave host %s, but must not be moved",
				 s->bins[it->bin].id);
	else
		place(s, item);
}

static bool has_waiting_peer(const struct state *s, int item)
{
	const struct item *it = &s->items[item];

	for (int i = 0; i < it->peers.n; i++)
		if (!s->items[it->peers.v[i]].is_done)
			return true;
	return false;
}

/* An item, then its followers, so that no other takes the room reserved for them. */
static void visit(struct state *s, int item)
{
	const struct ints *followers = &s->items[item].followers;

	if (s->items[item].is_done)
		return;
	s->items[item].is_done = true;
	decide_item(s, item);
	for (int i = 0; i < followers->n; i++)
		if (!has_waiting_peer(s, followers->v[i]))
			visit(s, followers->v[i]);
}

struct turn {
	int item;
	int priority;
	double size;
	int64_t wanted_ms;
	const char *name;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->size < y->size || x->size > y->size)
		return x->size > y->size ? -1 : 1;
	if (x->wanted_ms != y->wanted_ms)
		return x->wanted_ms < y->wanted_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Its share of a new host of its pool, with its followers; the largest come first. */
static double size_of(const struct state *s, const struct item *it)
{
	const struct place_pool *p = it->pool >= 0 ? &s->in->pools[it->pool] : NULL;
	double cpu = p && p->cpu > 0 ? it->cpu / p->cpu : it->cpu;
	double memory = (double)it->memory_bytes /
			(p && p->memory_bytes > 0 ? (double)p->memory_bytes : 1e12);

	return MAX(cpu, memory);
}

void placement_place_all(struct state *s)
{
	CLEANUP(free)
	struct turn *turns = xcalloc((size_t)s->n_items + 1, sizeof(*turns));

	for (int i = 0; i < s->n_items; i++)
		turns[i] = (struct turn){ .item = i,
					  .priority = s->items[i].u->priority,
					  .size = size_of(s, &s->items[i]),
					  .wanted_ms = s->items[i].u->wanted_ms,
					  .name = s->items[i].u->name };
	qsort(turns, (size_t)s->n_items, sizeof(*turns), by_turn);
	for (int i = 0; i < s->n_items; i++)
		if (!has_waiting_peer(s, turns[i].item))
			visit(s, turns[i].item);
	for (int i = 0; i < s->n_items; i++) {
		if (s->items[turns[i].item].is_done)
			continue;
		decide_item(s, turns[i].item);
		if (place_row_of(s, turns[i].item)->action == PLACE_WAIT)
			place_set_reason(s, turns[i].item, "MachineOf is circular");
	}
}
