/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shares.h"

#include "check.h"
#include "sorted.h"
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

struct pool_shares {
	char *pool;
	struct share_list list;
};

struct shares {
	struct fleet *f;
	const struct fleet_unit **units; /* [n_units] that are on a host, by host */
	size_t n_units;
	struct share_list host;    /* the last answer that was a host's own */
	struct pool_shares *pools; /* [n_pools] as they are asked for */
	size_t n_pools;
};

static void add(struct share_list *l, const char *stack, const char *tier, size_t part)
{
	if (part == 0)
		return;
	l->of += part;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].stack, stack) == 0 &&
		    strcmp(l->v[i].tier, tier) == 0) {
			l->v[i].part += part;
			return;
		}
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = (struct share){ stack, tier, part };
}

static int by_host(const void *a, const void *b)
{
	const struct fleet_unit *const *x = a, *const *y = b;

	return strcmp((*x)->host->h.id, (*y)->host->h.id);
}

struct shares *shares_new(struct fleet *f)
{
	struct shares *s = xcalloc(1, sizeof(*s));

	s->f = f;
	s->units = xcalloc(f->n_units + 1, sizeof(*s->units));
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host)
			s->units[s->n_units++] = &f->units[i];
	qsort(s->units, s->n_units, sizeof(*s->units), by_host);
	return s;
}

void shares_free(struct shares *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_pools; i++) {
		free(s->pools[i].pool);
		free(s->pools[i].list.v);
	}
	free(s->pools);
	free(s->host.v);
	free(s->units);
	free(s);
}

/* ---------------------------------------------------------------- without units */

static size_t waiting(const struct fleet *f, const struct fleet_tier *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_units; i++) {
		const struct fleet_unit *u = &f->units[t->first_unit + i];

		n += u->u.goal == DB_GOAL_RUN && !u->host;
	}
	return n;
}

static size_t all(const struct fleet *f, const struct fleet_tier *t)
{
	(void)f;
	return t->n_units;
}

static size_t one(const struct fleet *f, const struct fleet_tier *t)
{
	(void)f;
	(void)t;
	return 1;
}

static void share_pool(const struct fleet *f, const char *pool, struct share_list *ret)
{
	static size_t (*const parts[])(const struct fleet *,
				       const struct fleet_tier *) = {
		waiting,
		all,
		one,
	};
	const struct db_pool *p = fleet_pool(f, pool);

	for (size_t k = 0; ret->n == 0 && k < ARRAY_SIZE(parts); k++)
		for (size_t i = 0; i < f->n_tiers; i++)
			if (strcmp(f->tiers[i].t.pool, pool) == 0)
				add(ret, f->tiers[i].t.stack, f->tiers[i].t.name,
				    parts[k](f, &f->tiers[i]));
	if (ret->n == 0)
		add(ret, p ? p->stack : "", "", 1);
}

static const struct share_list *of_pool(struct shares *s, const char *pool)
{
	struct pool_shares *p;

	for (size_t i = 0; i < s->n_pools; i++)
		if (strcmp(s->pools[i].pool, pool) == 0)
			return &s->pools[i].list;
	s->pools = xrealloc(s->pools, (s->n_pools + 1) * sizeof(*s->pools));
	p = &s->pools[s->n_pools++];
	*p = (struct pool_shares){ .pool = xstrdup(pool) };
	share_pool(s->f, pool, &p->list);
	return &p->list;
}

const struct share_list *shares_of(struct shares *s, const struct db_host *h)
{
	size_t at =
		SORTED_PLACE(s->n_units, i, strcmp(s->units[i]->host->h.id, h->id) < 0);

	s->host.n = s->host.of = 0;
	for (; at < s->n_units && strcmp(s->units[at]->host->h.id, h->id) == 0; at++)
		add(&s->host, s->units[at]->u.stack, s->units[at]->u.tier, 1);
	return s->host.n ? &s->host : of_pool(s, h->pool);
}
