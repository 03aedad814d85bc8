/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "first_fit.h"

#include "check.h"
#include "patterns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Hosts that are filled alike: units of a kind go to them a whole group at a time. */
struct group {
	size_t n;
	double cpu; /* left of each */
	int64_t memory_bytes;
};

struct groups {
	struct group *v;
	size_t n;
};

static void add(struct groups *g, struct group one)
{
	if (one.n == 0)
		return;
	g->v = xrealloc(g->v, (g->n + 1) * sizeof(*g->v));
	g->v[g->n++] = one;
}

static struct group after(const struct group *g, size_t n, size_t units,
			  const struct packing_kind *k)
{
	return (struct group){ n, g->cpu - (double)units * k->cpu,
			       g->memory_bytes - (int64_t)units * k->memory_bytes };
}

/* Fills hosts of a group as full as they become; returns how many units are left. */
static size_t put_in(struct groups *g, size_t at, const struct packing_type *t,
		     const struct packing_kind *k, size_t left)
{
	const struct group was = g->v[at];
	const size_t each = packing_fits(was.cpu, was.memory_bytes, t, k);
	const size_t full = each ? MIN(left / each, was.n) : 0;
	const size_t rest = each && full < was.n ? left - full * each : 0;

	if (full == 0 && rest == 0)
		return left;
	g->v[at] = after(&was, full, each, k);
	add(g, after(&was, rest > 0, rest, k));
	add(g, after(&was, was.n - full - (rest > 0), 0, k));
	return left - full * each - rest;
}

/* Of one type; SIZE_MAX: some kind does not fit. */
static size_t count_hosts(const struct packing_type *t, const struct packing_kind *kinds,
			  size_t n_kinds)
{
	struct groups g = { NULL, 0 };
	size_t hosts = 0;

	for (size_t i = 0; i < n_kinds && hosts != SIZE_MAX; i++) {
		const struct packing_kind *k = &kinds[i];
		const size_t each = packing_fits(t->cpu, t->memory_bytes, t, k);
		const size_t n_before = g.n;
		const struct group empty = { 1, t->cpu, t->memory_bytes };
		size_t left = k->n, full;

		for (size_t at = 0; at < n_before && left > 0; at++)
			left = put_in(&g, at, t, k, left);
		if (left > 0 && each == 0) {
			hosts = SIZE_MAX;
			break;
		}
		full = left ? left / each : 0;
		add(&g, after(&empty, full, each, k));
		left -= full * each;
		add(&g, after(&empty, left > 0, left, k));
		hosts += full + (left > 0);
	}
	free(g.v);
	return hosts;
}

/* The larger share of its type comes first. */
static double size_of(const struct packing_type *t, const struct packing_kind *k)
{
	return fmax(t->cpu > 0 ? k->cpu / t->cpu : 0,
		    t->memory_bytes > 0
			    ? (double)k->memory_bytes / (double)t->memory_bytes
			    : 0);
}

static void sort(const struct packing_type *t, struct packing_kind *kinds, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t at = i;
		     at > 0 && size_of(t, &kinds[at]) > size_of(t, &kinds[at - 1]);
		     at--) {
			const struct packing_kind k = kinds[at];

			kinds[at] = kinds[at - 1];
			kinds[at - 1] = k;
		}
}

void first_fit(const struct packing_type *types, size_t n_types,
	       const struct packing_kind *kinds, size_t n_kinds, struct packing *ret)
{
	for (size_t i = 0; i < n_types; i++) {
		struct packing_kind sorted[PACKING_KINDS_MAX];
		struct packing p = { .is_best = false };

		memcpy(sorted, kinds, n_kinds * sizeof(*kinds));
		sort(&types[i], sorted, n_kinds);
		p.hosts[i] = count_hosts(&types[i], sorted, n_kinds);
		if (p.hosts[i] == SIZE_MAX)
			continue;
		p.price = (double)p.hosts[i] * types[i].price;
		if (p.price < ret->price)
			*ret = p;
	}
}
