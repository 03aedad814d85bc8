/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input sorted, its names as numbers, and every item where it is. */
#include "state.h"

#include "check.h"
#include "sorted.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

#define FOLLOW_MAX 16 /* links of MachineOf that are followed */

static const struct x_fleet no_fleet;
static const struct words no_words;

/* ---------------------------------------------------------------- names to numbers */

static int by_item_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return strcmp(x->u->name, y->u->name);
}

static int by_bin_id(const void *a, const void *b)
{
	const struct bin *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int by_pool_name(const void *a, const void *b)
{
	const struct place_pool *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void sort_pools(struct state *s)
{
	s->pools = xcalloc(s->in->n_pools + 1, sizeof(*s->pools));
	for (size_t i = 0; i < s->in->n_pools; i++)
		s->pools[i] = &s->in->pools[i];
	qsort(s->pools, s->in->n_pools, sizeof(*s->pools), by_pool_name);
}

/* Its index in the input; -1 when there is no such pool. */
static int find_pool(const struct state *s, const char *name)
{
	struct place_pool key = { .name = name };
	const struct place_pool *at = &key;
	const struct place_pool **found =
		bsearch(&at, s->pools, s->in->n_pools, sizeof(*s->pools), by_pool_name);

	return found ? (int)(*found - s->in->pools) : -1;
}

/* The first item whose name is not before the len bytes at name. */
static int lower_bound(const struct state *s, const char *name, size_t len)
{
	return (int)SORTED_PLACE(s->n_items, i,
				 strncmp(s->items[i].u->name, name, len) < 0);
}

int state_find_item(const struct state *s, const char *name)
{
	int i = lower_bound(s, name, strlen(name) + 1);

	return i < s->n_items && strcmp(s->items[i].u->name, name) == 0 ? i : -1;
}

static int find_bin(const struct state *s, const char *id)
{
	int at = (int)SORTED_PLACE(s->n_hosts, i, strcmp(s->bins[i].id, id) < 0);

	return at < s->n_hosts && strcmp(s->bins[at].id, id) == 0 ? at : -1;
}

/* ---------------------------------------------------------------- tiers and rules */

struct named {
	const char *a, *b;
	int port; /* 0: a is a glob */
	int item;
};

static int by_parts(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int d = x->port - y->port;

	if (d == 0)
		d = strcmp(x->a, y->a);
	return d ? d : strcmp(x->b, y->b);
}

static void number_tiers(struct state *s)
{
	CLEANUP(free)
	struct named *list = xcalloc((size_t)s->n_items + 1, sizeof(*list));

	for (int i = 0; i < s->n_items; i++) {
		const struct place_unit *u = s->items[i].u;

		list[i] = (struct named){ .a = u->stack, .b = u->tier, .item = i };
	}
	qsort(list, (size_t)s->n_items, sizeof(*list), by_parts);
	for (int i = 0; i < s->n_items; i++) {
		if (i == 0 || by_parts(&list[i - 1], &list[i]) != 0)
			s->n_tiers++;
		s->items[list[i].item].tier = s->n_tiers - 1;
	}
}

typedef void hit_fn(struct state *s, int item, int arg);

/* Calls for every item that the glob matches; one without wildcards by search. */
static void each_hit(struct state *s, const char *glob, hit_fn *fn, int arg)
{
	size_t literal = strcspn(glob, "*?[\\");

	for (int i = lower_bound(s, glob, literal); i < s->n_items; i++) {
		if (strncmp(s->items[i].u->name, glob, literal) != 0)
			break;
		if (unit_glob(glob, s->items[i].u->name))
			fn(s, i, arg);
	}
}

static void hit_item(struct state *s, int item, int rule)
{
	ints_add(&s->items[item].hit, rule);
}

static size_t list_rules(const struct state *s, struct named *list)
{
	size_t n = 0;

	for (int i = 0; i < s->n_items; i++) {
		const struct item *it = &s->items[i];

		for (size_t k = 0; k < it->fleet->conflicts.n; k++, n++)
			if (list)
				list[n] = (struct named){ .a = it->fleet->conflicts.v[k],
							  .b = "",
							  .item = i };
		for (size_t k = 0; k < it->u->n_ports; k++, n++)
			if (list)
				list[n] = (struct named){ .a = "",
							  .b = "",
							  .port = it->u->ports[k],
							  .item = i };
	}
	return n;
}

static void number_rules(struct state *s)
{
	size_t n = list_rules(s, NULL);
	CLEANUP(free) struct named *list = xcalloc(n + 1, sizeof(*list));

	list_rules(s, list);
	qsort(list, n, sizeof(*list), by_parts);
	for (size_t i = 0; i < n; i++) {
		bool is_new = i == 0 || by_parts(&list[i - 1], &list[i]) != 0;

		s->n_rules += is_new;
		if (is_new && list[i].port == 0)
			each_hit(s, list[i].a, hit_item, s->n_rules - 1);
		ints_add(&s->items[list[i].item].held, s->n_rules - 1);
		if (list[i].port)
			ints_add(&s->items[list[i].item].hit, s->n_rules - 1);
	}
}

/* ---------------------------------------------------------------- links between items */

static void link_peers(struct state *s, int i)
{
	struct item *it = &s->items[i];

	for (size_t k = 0; k < it->fleet->machine_of.n; k++) {
		int peer = state_find_item(s, it->fleet->machine_of.v[k]);

		if (peer < 0 || s->items[peer].u->leaving) {
			it->lacks_peer = true;
			continue;
		}
		ints_add(&it->peers, peer);
		ints_add(&s->items[peer].followers, i);
	}
}

static void replace_item(struct state *s, int item, int by)
{
	s->items[item].is_replaced |= item != by;
}

static void mark_replaced(struct state *s, int i)
{
	const struct words *globs = &s->items[i].fleet->replaces;

	for (size_t k = 0; k < globs->n; k++)
		each_hit(s, globs->v[k], replace_item, i);
}

static void add_followers(const struct state *s, struct item *sum, const struct item *it,
			  int depth)
{
	sum->cpu += it->u->cpu;
	sum->memory_bytes += it->u->memory_bytes;
	for (int i = 0; i < it->followers.n && depth < FOLLOW_MAX; i++)
		if (!s->items[it->followers.v[i]].u->leaving)
			add_followers(s, sum, &s->items[it->followers.v[i]], depth + 1);
}

/* ---------------------------------------------------------------- set up */

static void init_items(struct state *s)
{
	const struct place_input *in = s->in;

	s->n_items = (int)in->n_units;
	s->items = xcalloc(in->n_units + 1, sizeof(*s->items));
	for (size_t i = 0; i < in->n_units; i++)
		s->items[i] = (struct item){
			.u = &in->units[i],
			.fleet = in->units[i].fleet ? in->units[i].fleet : &no_fleet,
			.index = i,
			.pool = find_pool(s, in->units[i].pool),
			.bin = -1,
			.was = -1,
		};
	qsort(s->items, in->n_units, sizeof(*s->items), by_item_name);
	number_tiers(s);
	number_rules(s);
	for (int i = 0; i < s->n_items; i++) {
		link_peers(s, i);
		mark_replaced(s, i);
	}
	for (int i = 0; i < s->n_items; i++)
		add_followers(s, &s->items[i], &s->items[i], 0);
}

static void init_bins(struct state *s)
{
	const struct place_input *in = s->in;

	s->n_bins = s->n_hosts = s->cap_bins = (int)in->n_hosts;
	s->bins = xcalloc(in->n_hosts + 1, sizeof(*s->bins));
	for (size_t i = 0; i < in->n_hosts; i++) {
		const struct place_host *h = &in->hosts[i];

		s->bins[i] = (struct bin){
			.h = h,
			.id = h->id,
			.index = i,
			.pool = find_pool(s, h->pool),
			.state = h->state,
			.cpu = h->cpu,
			.memory_bytes = h->memory_bytes,
			.metadata = h->metadata ? h->metadata : &no_words,
		};
	}
	qsort(s->bins, in->n_hosts, sizeof(*s->bins), by_bin_id);
	for (int i = 0; i < s->n_bins; i++)
		if (s->bins[i].pool >= 0)
			ints_add(&s->pool_bins[s->bins[i].pool], i);
}

void state_init(struct state *s, const struct place_input *in, struct placement *out)
{
	*s = (struct state){ .in = in, .out = out };
	sort_pools(s);
	s->pool_bins = xcalloc(in->n_pools + 1, sizeof(*s->pool_bins));
	init_items(s);
	init_bins(s);
	for (int i = 0; i < s->n_items; i++) {
		struct item *it = &s->items[i];

		if (it->fleet->global)
			ints_add(&s->globals, i);
		else if (it->u->host)
			state_move(s, i, find_bin(s, it->u->host));
		it->was = it->bin;
	}
	for (int i = 0; i < s->n_bins; i++)
		state_put_globals(s, i);
}

void state_done(struct state *s)
{
	for (int i = 0; i < s->n_items; i++) {
		free(s->items[i].held.v);
		free(s->items[i].hit.v);
		free(s->items[i].peers.v);
		free(s->items[i].followers.v);
	}
	for (int i = 0; i < s->n_bins; i++)
		state_drop_bin(&s->bins[i]);
	for (size_t i = 0; i < s->in->n_pools; i++)
		free(s->pool_bins[i].v);
	free(s->items);
	free(s->bins);
	free(s->pool_bins);
	free(s->pools);
	free(s->globals.v);
	free(s->waiting.v);
}
