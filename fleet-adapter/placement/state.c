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

/* sign is +1 or -1 */
static void count(struct state *s, int item, int bin, int sign)
{
	const struct item *it = &s->items[item];
	struct bin *b = &s->bins[bin];
	size_t row = (size_t)bin * (size_t)s->n_rules;

	for (int i = 0; i < it->held.n; i++)
		s->held[row + (size_t)it->held.v[i]] += (uint16_t)sign;
	for (int i = 0; i < it->hit.n; i++)
		s->hit[row + (size_t)it->hit.v[i]] += (uint16_t)sign;
	b->cpu_used += sign * it->u->cpu;
	b->memory_used += sign * it->u->memory_bytes;
	if (it->u->leaving || it->fleet->global)
		return;
	s->tiers[(size_t)bin * (size_t)s->n_tiers + (size_t)it->tier] += (uint16_t)sign;
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

static void grow(struct state *s)
{
	size_t had = (size_t)s->cap_bins;
	size_t cap = 2 * had + 16;
	size_t rules = (size_t)s->n_rules, tiers = (size_t)s->n_tiers;

	s->bins = xrealloc(s->bins, cap * sizeof(*s->bins));
	s->held = xrealloc(s->held, (cap * rules + 1) * sizeof(*s->held));
	s->hit = xrealloc(s->hit, (cap * rules + 1) * sizeof(*s->hit));
	s->tiers = xrealloc(s->tiers, (cap * tiers + 1) * sizeof(*s->tiers));
	s->cap_bins = (int)cap;
}

int state_add_fresh(struct state *s, int pool)
{
	const struct place_pool *p = &s->in->pools[pool];
	int i = s->n_bins;
	size_t rules = (size_t)s->n_rules, tiers = (size_t)s->n_tiers;

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
	memset(s->held + (size_t)i * rules, 0, rules * sizeof(*s->held));
	memset(s->hit + (size_t)i * rules, 0, rules * sizeof(*s->hit));
	memset(s->tiers + (size_t)i * tiers, 0, tiers * sizeof(*s->tiers));
	ints_add(&s->pool_bins[pool], i);
	state_put_globals(s, i);
	return i;
}

void state_drop_fresh(struct state *s)
{
	struct bin *b = &s->bins[--s->n_bins];

	CHECK(!b->h);
	s->pool_bins[b->pool].n--;
	free(b->items.v);
}
