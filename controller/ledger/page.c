/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "enter.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

void page_done(struct page *p)
{
	for (size_t i = 0; i < p->n_tiers; i++) {
		free(p->tiers[i].fleet);
		free(p->tiers[i].recent);
	}
	free(p->rows);
	free(p->costs);
	free(p->money);
	free(p->tiers);
	free(p->hosts);
	db_host_list_done(&p->open);
}

/* Room for one more; it grows at each power of two. */
static void *room(void *v, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? xrealloc(v, MAX(2 * n, (size_t)1) * size) : v;
}

void page_add(struct page *p, const struct db_ledger *row)
{
	p->rows = room(p->rows, p->n_rows, sizeof(*row));
	p->rows[p->n_rows++] = *row;
}

static bool is_same(const struct db_cost *a, const struct db_cost *b)
{
	return a->day_ms == b->day_ms && a->through_ms == b->through_ms &&
	       strcmp(a->stack, b->stack) == 0 && strcmp(a->tier, b->tier) == 0 &&
	       strcmp(a->currency, b->currency) == 0;
}

void page_add_cost(struct page *p, const struct db_cost *c)
{
	struct db_cost *last = p->n_costs ? &p->costs[p->n_costs - 1] : NULL;

	if (last && is_same(last, c)) {
		last->paid_ms += c->paid_ms;
		last->amount += c->amount;
		last->hour += c->hour;
		return;
	}
	p->costs = room(p->costs, p->n_costs, sizeof(*c));
	p->costs[p->n_costs++] = *c;
}

void page_add_tier(struct page *p, const struct db_ledger_tier *t)
{
	p->tiers = room(p->tiers, p->n_tiers, sizeof(*t));
	p->tiers[p->n_tiers++] = *t;
}

void page_add_host(struct page *p, const struct db_host *h)
{
	p->hosts = room(p->hosts, p->n_hosts, sizeof(*h));
	p->hosts[p->n_hosts++] = *h;
}
