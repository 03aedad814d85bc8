/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "range.h"

#include "answer.h"
#include "check.h"

#include <string.h>

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

struct found {
	const struct kv_change **list;
	size_t n;
};

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

static void add_found(const struct kv_op *op, const struct found *f, struct buf *to)
{
	size_t n = f->n;

	if (op->limit > 0 && (uint64_t)op->limit < n)
		n = (size_t)op->limit;
	if (n == 0)
		return;
	ejson_open(to, "kvs", '[');
	for (size_t i = 0; i < n; i++)
		kv_add_change(to, NULL, f->list[i], !op->keys_only);
	ejson_close(to, ']');
	ejson_add_true(to, "more", n < f->n);
}

void kv_range(const struct keyspace *s, struct kv_op *op, struct buf *to)
{
	CLEANUP(free) const struct kv_change **list = NULL;
	struct found f = { 0 };
	size_t first, end;
	int64_t count = 0;

	kv_find_range(s, &op->key, &op->end, &first, &end);
	list = xcalloc(end - first + 1, sizeof(const struct kv_change *));
	for (size_t i = first; i < end; i++) {
		const struct kv_change *c = kv_at(s->keys[i], op->at_rev);

		if (!c)
			continue;
		count++;
		if (passes(op, c))
			list[f.n++] = c;
	}
	f.list = list;
	if (op->order == 2 || op->target > 0)
		qsort_r(list, f.n, sizeof(const struct kv_change *), by_target, op);
	if (!op->count_only)
		add_found(op, &f, to);
	ejson_add_int(to, "count", count);
}
