/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "placement.h"

#include "buf.h"
#include "check.h"
#include "state.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define UP (1u << PLACE_UP)
#define BOOTING (1u << PLACE_BOOTING)

/* ---------------------------------------------------------------- rows and reasons */

static struct place_row *row_of(struct state *s, int item)
{
	return &s->out->rows[s->items[item].index];
}

static void set_row(struct state *s, int item, enum place_action action, int bin)
{
	struct place_row *row = row_of(s, item);

	row->action = action;
	row->host = bin >= 0 ? s->bins[bin].index : PLACE_NOWHERE;
}

static void say(struct state *s, int item, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct state *s, int item, const char *fmt, ...)
{
	struct place_row *row = row_of(s, item);
	CLEANUP(buf_done) struct buf words;
	va_list ap;

	buf_init(&words, 1000);
	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	free(row->reason);
	row->reason = buf_take(&words);
}

/* Why no host that is up would do. */
static void say_why(struct state *s, int item, const int why[WHY_COUNT])
{
	static const char *const words[WHY_COUNT] = {
		[WHY_MACHINE] = "not the machine asked for",
		[WHY_METADATA] = "other metadata",
		[WHY_PEER] = "not with the unit that MachineOf names",
		[WHY_CONFLICT] = "in conflict",
		[WHY_ROOM] = "without room",
		[WHY_AVOIDED] = "where it failed",
	};
	const struct item *it = &s->items[item];
	CLEANUP(buf_done) struct buf list;

	buf_init(&list, 500);
	for (int i = 0; i < WHY_COUNT; i++)
		if (words[i] && why[i])
			buf_printf(&list, "%s%d %s", list.len ? ", " : "", why[i],
				   words[i]);
	if (it->pool < 0)
		say(s, item, "there is no pool '%s'", it->u->pool);
	else if (it->lacks_peer)
		say(s, item, "a unit that MachineOf names does not exist");
	else if (list.len)
		say(s, item, "no host of pool %s can take it: %s", it->u->pool,
		    buf_str(&list));
	else
		say(s, item, "no host of pool %s is up", it->u->pool);
}

/* ---------------------------------------------------------------- placing */

static void place(struct state *s, int item);

/* Those on the bin that the item replaces go elsewhere, or wait. */
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

static void settle(struct state *s, int item, int bin)
{
	int was = s->items[item].was;

	state_move(s, item, bin);
	set_row(s, item,
		was < 0      ? PLACE_START
		: was == bin ? PLACE_STAY
			     : PLACE_MOVE,
		bin);
	if (s->items[item].fleet->replaces.n)
		displace_others(s, item, bin);
}

/* Finds a place for an item that is nowhere, or must leave where it is. */
static void place(struct state *s, int item)
{
	int from = s->items[item].bin;
	int why[WHY_COUNT];
	int bin;

	state_move(s, item, -1);
	bin = state_best(s, item, UP, why);
	if (bin >= 0) {
		settle(s, item, bin);
		return;
	}
	state_move(s, item, from);
	set_row(s, item, from >= 0 ? PLACE_STAY : PLACE_WAIT, from);
	say_why(s, item, why);
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
		set_row(s, item, PLACE_GLOBAL, -1);
		return;
	}
	set_row(s, item, it->bin >= 0 ? PLACE_STAY : PLACE_WAIT, it->bin);
	if (it->u->leaving)
		return;
	if (it->bin < 0)
		place(s, item);
	else if (!must_move(s, item))
		return;
	else if (it->u->pinned)
		say(s, item, "should leave host %s, but is not to be moved",
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

/* An item, then those that follow it, so that no one takes the room kept for them. */
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
	const char *name;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->size < y->size || x->size > y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* What it takes of a new host of its pool, with its followers; the large come first. */
static double size_of(const struct state *s, const struct item *it)
{
	const struct place_pool *p = it->pool >= 0 ? &s->in->pools[it->pool] : NULL;
	double cpu = p && p->cpu > 0 ? it->cpu / p->cpu : it->cpu;
	double memory = (double)it->memory_bytes /
			(p && p->memory_bytes > 0 ? (double)p->memory_bytes : 1e12);

	return MAX(cpu, memory);
}

static void place_all(struct state *s)
{
	CLEANUP(free)
	struct turn *turns = xcalloc((size_t)s->n_items + 1, sizeof(*turns));

	for (int i = 0; i < s->n_items; i++)
		turns[i] = (struct turn){ .item = i,
					  .priority = s->items[i].u->priority,
					  .size = size_of(s, &s->items[i]),
					  .name = s->items[i].u->name };
	qsort(turns, (size_t)s->n_items, sizeof(*turns), by_turn);
	for (int i = 0; i < s->n_items; i++)
		if (!has_waiting_peer(s, turns[i].item))
			visit(s, turns[i].item);
	for (int i = 0; i < s->n_items; i++) {
		if (s->items[turns[i].item].is_done)
			continue;
		decide_item(s, turns[i].item);
		if (row_of(s, turns[i].item)->action == PLACE_WAIT)
			say(s, turns[i].item, "MachineOf goes in a circle");
	}
}

/* ---------------------------------------------------------------- hosts to come */

static void count_hosts(struct state *s)
{
	for (int i = 0; i < s->n_hosts; i++)
		if (s->bins[i].pool >= 0 && s->bins[i].state != PLACE_DRAINING)
			s->out->demand[s->bins[i].pool].have++;
}

/* A new host that can take the item; -1 when the pool has none to give. */
static int ask_for_host(struct state *s, int item)
{
	int pool = s->items[item].pool;
	struct place_demand *d = &s->out->demand[pool];
	int bin = state_add_fresh(s, pool);
	enum place_why why = state_able(s, item, bin);

	if (why == WHY_NONE && d->have + d->fresh < s->in->pools[pool].max) {
		d->fresh++;
		return bin;
	}
	state_drop_fresh(s);
	if (why == WHY_ROOM) {
		say(s, item, "it is larger than a host of pool %s",
		    s->in->pools[pool].name);
	} else if (why == WHY_NONE) {
		d->short_units++;
		say(s, item, "pool %s is at its maximum of %zu hosts",
		    s->in->pools[pool].name, s->in->pools[pool].max);
	}
	return -1;
}

/* Where it would rather not be, when there is no other way; -1. */
static int avoided_host(const struct state *s, int item)
{
	for (int i = 0; i < s->n_hosts; i++)
		if (state_avoids(s, item, i) && s->bins[i].state == PLACE_UP &&
		    !s->bins[i].is_leaving && state_able(s, item, i) == WHY_NONE)
			return i;
	return -1;
}

/* Packs what waits into the hosts that boot, then into hosts to be asked for. */
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
		bin = state_best(s, item, BOOTING, why);
		if (bin < 0)
			bin = ask_for_host(s, item);
		if (bin < 0 && (bin = avoided_host(s, item)) >= 0) {
			settle(s, item, bin);
			continue;
		}
		state_move(s, item, bin >= 0 ? bin : from);
		if (bin >= 0 && s->bins[bin].h)
			say(s, item, "waits for host %s to join", s->bins[bin].id);
		else if (bin >= 0)
			say(s, item, "waits for a new host of pool %s",
			    s->items[item].u->pool);
	}
}

/* Those that still run go back to where they are; the room that they wait for stays
 * taken. */
static void return_waiting(struct state *s)
{
	for (int i = 0; i < s->waiting.n; i++) {
		int item = s->waiting.v[i];
		int bin = s->items[item].bin;
		int was = s->items[item].was;

		if (row_of(s, item)->action != PLACE_STAY || bin < 0 || bin == was)
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

/* ---------------------------------------------------------------- the whole */

static void list_globals(struct state *s)
{
	struct placement *out = s->out;

	for (int g = 0; g < s->globals.n; g++) {
		for (int i = 0; i < s->n_hosts; i++) {
			const struct ints *items = &s->bins[i].items;
			int k = 0;

			while (k < items->n && items->v[k] != s->globals.v[g])
				k++;
			if (k == items->n || s->bins[i].state == PLACE_BOOTING)
				continue;
			out->globals =
				xrealloc(out->globals,
					 (out->n_globals + 1) * sizeof(*out->globals));
			out->globals[out->n_globals++] =
				(struct place_pair){ s->items[s->globals.v[g]].index,
						     s->bins[i].index };
		}
	}
}

void placement_decide(const struct place_input *in, struct placement *ret)
{
	struct state s;

	*ret = (struct placement){ .n_rows = in->n_units };
	ret->rows = xcalloc(in->n_units + 1, sizeof(*ret->rows));
	ret->demand = xcalloc(in->n_pools + 1, sizeof(*ret->demand));
	ret->leave = xcalloc(in->n_hosts + 1, sizeof(*ret->leave));
	state_init(&s, in, ret);
	count_hosts(&s);
	place_all(&s);
	pack_waiting(&s);
	return_waiting(&s);
	keep_minimum(&s);
	placement_find_leave(&s);
	placement_balance(&s);
	list_globals(&s);
	state_done(&s);
}

void placement_done(struct placement *p)
{
	for (size_t i = 0; i < p->n_rows; i++)
		free(p->rows[i].reason);
	free(p->rows);
	free(p->globals);
	free(p->demand);
	free(p->leave);
	*p = (struct placement){ 0 };
}

/* ---------------------------------------------------------------- victims */

/* Names with their numbers compared as numbers: web@10 comes behind web@9. */
static int by_natural_name(const char *a, const char *b)
{
	while (*a && *b) {
		char *end_a, *end_b;
		unsigned long x, y;

		if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
			if (*a != *b)
				break;
			a++;
			b++;
			continue;
		}
		x = strtoul(a, &end_a, 10);
		y = strtoul(b, &end_b, 10);
		if (x != y)
			return x < y ? -1 : 1;
		a = end_a;
		b = end_b;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static int by_leaving(const void *a, const void *b)
{
	const struct place_victim *x = a, *y = b;

	if (x->has_host != y->has_host)
		return x->has_host ? 1 : -1;
	if (x->on_draining != y->on_draining)
		return x->on_draining ? -1 : 1;
	if (x->is_healthy != y->is_healthy)
		return x->is_healthy ? 1 : -1;
	if (x->neighbours != y->neighbours)
		return x->neighbours < y->neighbours ? -1 : 1;
	if (x->host_joined_ms != y->host_joined_ms)
		return x->host_joined_ms > y->host_joined_ms ? -1 : 1;
	return by_natural_name(y->name, x->name);
}

void placement_sort_victims(struct place_victim *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), by_leaving);
}
