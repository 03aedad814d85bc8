/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include "check.h"
#include "unitfile.h"

#include <string.h>

static const struct words no_words;

void ints_add(struct ints *l, int x)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 4;
		l->v = xrealloc(l->v, (size_t)l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = x;
}

void ints_drop(struct ints *l, int x)
{
	int i = 0;

	while (i < l->n && l->v[i] != x)
		i++;
	CHECK(i < l->n);
	l->v[i] = l->v[--l->n];
}

static double load_of(const struct bin *b)
{
	const double cpu = b->cpu > 0 ? b->cpu_used / b->cpu : 0;
	const double memory = b->memory_bytes > 0
				      ? (double)b->memory_used / (double)b->memory_bytes
				      : 0;

	return MAX(cpu, memory);
}

/* sign is +1 or -1 */
static void count(struct state *s, int item, int bin, int sign)
{
	const struct item *it = &s->items[item];
	struct bin *b = &s->bins[bin];

	for (int i = 0; i < it->held.n; i++)
		tally_add(&b->held, it->held.v[i], sign);
	for (int i = 0; i < it->hit.n; i++)
		tally_add(&b->hit, it->hit.v[i], sign);
	b->cpu_used += sign * it->u->cpu;
	b->memory_used += sign * it->u->memory_bytes;
	b->load = load_of(b);
	if (it->u->leaving || it->fleet->global)
		return;
	tally_add(&b->tiers, it->tier, sign);
	b->count += sign;
}

void state_put(struct state *s, int item, int bin)
{
	count(s, item, bin, 1);
	ints_add(&s->bins[bin].items, item);
}

void state_take(struct state *s, int item, int bin)
{
	count(s, item, bin, -1);
	ints_drop(&s->bins[bin].items, item);
}

size_t state_fill(struct state *s, int item, int bin, size_t most)
{
	size_t n = 0;

	while (n < most && state_able(s, item, bin) == WHY_NONE) {
		state_put(s, item, bin);
		n++;
	}
	return n;
}

void state_move(struct state *s, int item, int bin)
{
	struct item *it = &s->items[item];

	if (it->bin >= 0)
		state_take(s, item, it->bin);
	if (bin >= 0)
		state_put(s, item, bin);
	it->bin = bin;
}

void state_put_globals(struct state *s, int bin)
{
	for (int i = 0; i < s->globals.n; i++)
		if (!s->items[s->globals.v[i]].u->leaving &&
		    state_rules(s, s->globals.v[i], bin) == WHY_NONE)
			state_put(s, s->globals.v[i], bin);
}

void state_drop_bin(struct bin *b)
{
	free(b->items.v);
	tally_done(&b->held);
	tally_done(&b->hit);
	tally_done(&b->tiers);
}

static void grow(struct state *s)
{
	s->cap_bins = 2 * s->cap_bins + 16;
	s->bins = xrealloc(s->bins, (size_t)s->cap_bins * sizeof(*s->bins));
}

int state_add_fresh(struct state *s, int pool)
{
	const struct place_pool *p = &s->in->pools[pool];
	int i = s->n_bins;

	if (s->n_bins == s->cap_bins)
		grow(s);
	s->n_bins++;
	s->bins[i] = (struct bin){
		.id = "",
		.index = PLACE_NOWHERE,
		.pool = pool,
		.state = PLACE_BOOTING,
		.cpu = p->cpu,
		.memory_bytes = p->memory_bytes,
		.metadata = p->metadata ? p->metadata : &no_words,
	};
	ints_add(&s->pool_bins[pool], i);
	state_put_globals(s, i);
	return i;
}

void state_drop_fresh(struct state *s)
{
	struct bin *b = &s->bins[--s->n_bins];

	CHECK(!b->h);
	s->pool_bins[b->pool].n--;
	state_drop_bin(b);
}
