/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare.h"

#include "check.h"

#include <string.h>

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static bool holds_for(const struct kv_cmp *cmp, const struct kv_change *c)
{
	int order;

	switch (cmp->target) {
	case 0:
		order = order_of(c ? c->version : 0, cmp->number);
		break;
	case 1:
		order = order_of(c ? c->create_rev : 0, cmp->number);
		break;
	case 2:
		order = order_of(c ? c->rev : 0, cmp->number);
		break;
	case 3:
		if (!c)
			return false;
		order = memcmp(c->value, cmp->value.data,
			       MIN(c->value_len, cmp->value.len));
		if (order == 0)
			order = order_of((int64_t)c->value_len, (int64_t)cmp->value.len);
		break;
	default:
		order = order_of(c ? c->lease : 0, cmp->number);
	}
	switch (cmp->relation) {
	case 0:
		return order == 0;
	case 1:
		return order > 0;
	case 2:
		return order < 0;
	default:
		return order != 0;
	}
}

static bool holds(const struct keyspace *s, const struct kv_cmp *cmp, size_t from,
		  size_t to)
{
	bool any = false;

	for (size_t i = from; i < to; i++) {
		const struct kv_change *c = kv_at(s->keys[i], 0);

		if (!c)
			continue;
		any = true;
		if (!holds_for(cmp, c))
			return false;
	}
	return any || holds_for(cmp, NULL);
}

/* All compares, also nested ones, see the state before the
 * first op. */
bool kv_compare(const struct keyspace *s, struct kv_txn *t, struct kv_budget *budget)
{
	size_t from, to;

	t->held = true;
	for (size_t i = 0; t->held && i < t->n_cmps; i++) {
		kv_find_range(s, &t->cmps[i].key, &t->cmps[i].end, &from, &to);
		if (!kv_budget_look(budget, to - from))
			return false;
		t->held = holds(s, &t->cmps[i], from, to);
	}
	for (size_t i = 0; i < t->n_ops[t->held]; i++)
		if (t->ops[t->held][i].kind == KV_TXN &&
		    !kv_compare(s, t->ops[t->held][i].txn, budget))
			return false;
	return true;
}
