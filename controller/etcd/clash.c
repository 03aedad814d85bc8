/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clash.h"

#include "check.h"
#include "sorted.h"

#define OWN 0 /* the group of writes that stand in the branch itself */

/* A write of a branch. Those of one nested transaction are a group: they were checked
 * among themselves. */
struct write {
	const struct kv_op *op;
	size_t group;
	size_t run_end; /* of sorted puts: the next that is of another group */
};

struct writes {
	struct write *v;
	size_t n, cap;
};

static void writes_done(struct writes *w)
{
	free(w->v);
}
DEFINE_CLEANUP_OBJECT(struct writes, writes_done);

static void add(struct writes *w, const struct kv_op *op, size_t group)
{
	if (w->n == w->cap) {
		w->cap = w->cap * 2 + 8;
		w->v = xrealloc(w->v, w->cap * sizeof(*w->v));
	}
	w->v[w->n++] = (struct write){ .op = op, .group = group };
}

static int by_key(const void *pa, const void *pb)
{
	const struct write *a = pa, *b = pb;
	int c = store_key_cmp(a->op->key.data, a->op->key.len, b->op->key.data,
			      b->op->key.len);

	return c ? c : (a->group > b->group) - (a->group < b->group);
}

static bool is_same_key(const struct write *a, const struct write *b)
{
	return store_key_cmp(a->op->key.data, a->op->key.len, b->op->key.data,
			     b->op->key.len) == 0;
}

/* The index of the first put whose key is at or after this. */
static size_t place(const struct writes *puts, const struct kv_bytes *key)
{
	return SORTED_PLACE(puts->n, i,
			    store_key_cmp(puts->v[i].op->key.data, puts->v[i].op->key.len,
					  key->data, key->len) < 0);
}

static size_t end_of(const struct writes *puts, const struct kv_op *del, size_t from)
{
	const struct write w = { .op = del };

	size_t to = from;

	while (del->end.len == 0 && to < puts->n && is_same_key(&puts->v[to], &w))
		to++;
	if (del->end.len == 0)
		return to;
	if (del->end.len == 1 && del->end.data[0] == '\0')
		return puts->n;
	return place(puts, &del->end);
}

/* puts are sorted. */
static bool deletes_a_put(const struct writes *puts, const struct write *del)
{
	size_t from = place(puts, &del->op->key);
	size_t to = MAX(from, end_of(puts, del->op, from));

	if (from == to)
		return false;
	return del->group == OWN || puts->v[from].group != del->group ||
	       puts->v[from].run_end < to;
}

static void find_runs(struct writes *puts)
{
	for (size_t i = puts->n; i-- > 0;)
		puts->v[i].run_end =
			i + 1 < puts->n && puts->v[i + 1].group == puts->v[i].group
				? puts->v[i + 1].run_end
				: i + 1;
}

static bool clash_within(const struct writes *w)
{
	CLEANUP(writes_done) struct writes puts = { 0 };

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].op->kind == KV_PUT)
			add(&puts, w->v[i].op, w->v[i].group);
	if (puts.n == 0)
		return false;
	qsort(puts.v, puts.n, sizeof(*puts.v), by_key);
	for (size_t i = 1; i < puts.n; i++)
		if (is_same_key(&puts.v[i - 1], &puts.v[i]) &&
		    (puts.v[i].group == OWN || puts.v[i].group != puts.v[i - 1].group))
			return true;
	find_runs(&puts);
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].op->kind == KV_DELETE && deletes_a_put(&puts, &w->v[i]))
			return true;
	return false;
}

/* Adds the writes of a branch to w, as of that group. */
static bool collect(const struct kv_op *ops, size_t n, size_t group, struct writes *w)
{
	CLEANUP(writes_done) struct writes own = { 0 };
	size_t n_groups = OWN;

	for (size_t i = 0; i < n; i++) {
		const struct kv_txn *t = ops[i].txn;

		if (ops[i].kind == KV_PUT || ops[i].kind == KV_DELETE)
			add(&own, &ops[i], OWN);
		if (ops[i].kind != KV_TXN)
			continue;
		n_groups++;
		if (!collect(t->ops[0], t->n_ops[0], n_groups, &own) ||
		    !collect(t->ops[1], t->n_ops[1], n_groups, &own))
			return false;
	}
	for (size_t i = 0; i < own.n; i++)
		add(w, own.v[i].op, group);
	return !clash_within(&own);
}

bool kv_writes_clash(const struct kv_txn *t)
{
	CLEANUP(writes_done) struct writes all = { 0 };

	return !collect(t->ops[0], t->n_ops[0], OWN, &all) ||
	       !collect(t->ops[1], t->n_ops[1], OWN, &all);
}
