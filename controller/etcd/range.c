/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "range.h"

#include "answer.h"
#include "check.h"

#include <string.h>

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static bool passes(const struct kv_op *op, const struct kv_change *c)
{
	return (!op->min_mod || c->rev >= op->min_mod) &&
	       (!op->max_mod || c->rev <= op->max_mod) &&
	       (!op->min_create || c->create_rev >= op->min_create) &&
	       (!op->max_create || c->create_rev <= op->max_create);
}

static int by_target(const void *pa, const void *pb, void *arg)
{
	const struct kv_change *a = *(const struct kv_change *const *)pa;
	const struct kv_change *b = *(const struct kv_change *const *)pb;
	const struct kv_op *op = arg;
	size_t n = MIN(a->value_len, b->value_len);
	int c = 0;

	if (op->target == 1)
		c = order_of(a->version, b->version);
	else if (op->target == 2)
		c = order_of(a->create_rev, b->create_rev);
	else if (op->target == 3)
		c = order_of(a->rev, b->rev);
	else if (op->target == 4)
		c = memcmp(a->value, b->value, n);
	if (c == 0 && op->target == 4)
		c = order_of((int64_t)a->value_len, (int64_t)b->value_len);
	if (c == 0)
		c = memcmp(a->key->name, b->key->name, MIN(a->key->len, b->key->len));
	if (c == 0)
		c = order_of((int64_t)a->key->len, (int64_t)b->key->len);
	return op->order == 2 ? -c : c;
}

static bool is_sorted(const struct kv_op *op)
{
	return op->order == 2 || op->target > 0;
}

/* A key that passes: false when the answer is full. */
static bool take(struct kv_op *op, struct kv_change *c, struct kv_budget *budget)
{
	bool cut = op->limit > 0 && (uint64_t)op->limit <= op->found.n;

	if (op->count_only)
		return true;
	/* Which ones are cut is known after sorting. */
	if (cut && !is_sorted(op)) {
		op->more = true;
		return true;
	}
	if (!cut && !kv_budget_answer(budget, c, !op->keys_only))
		return false;
	kv_found_add(&op->found, c);
	return true;
}

bool kv_range_find(const struct keyspace *s, struct kv_op *op, struct kv_budget *budget)
{
	size_t first, end;

	kv_find_range(s, &op->key, &op->end, &first, &end);
	if (!kv_budget_look(budget, end - first))
		return false;
	for (size_t i = first; i < end; i++) {
		struct kv_change *c = kv_at(s->keys[i], op->at_rev);

		if (!c)
			continue;
		op->count++;
		if (passes(op, c) && !take(op, c, budget))
			return false;
	}
	return true;
}

void kv_range_write(struct kv_op *op, struct buf *to)
{
	const struct kv_found *f = &op->found;
	size_t n = f->n;

	if (is_sorted(op))
		qsort_r(f->v, f->n, sizeof(struct kv_change *), by_target, op);
	if (op->limit > 0 && (uint64_t)op->limit < n) {
		n = (size_t)op->limit;
		op->more = true;
	}
	if (n) {
		ejson_open(to, "kvs", '[');
		for (size_t i = 0; i < n && !buf_is_full(to); i++)
			kv_add_change(to, NULL, f->v[i], !op->keys_only);
		ejson_close(to, ']');
		ejson_add_true(to, "more", op->more);
	}
	ejson_add_int(to, "count", op->count);
}
