/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "validate.h"

#include "access.h"
#include "check.h"

#include <string.h>

#define REQUEST_BYTES (1536u << 10) /* of one put, as etcd's limit */
#define MAX_OPS 128

static const struct kv_fault *check_txn(const struct kv_txn *t,
					const struct kv_access *a);

static const struct kv_fault *check_put(const struct kv_op *op, const struct kv_access *a)
{
	if (op->ignore_value && op->value.len)
		return &kv_value_provided;
	if (op->ignore_lease && op->lease)
		return &kv_lease_provided;
	if (op->key.len + op->value.len > REQUEST_BYTES)
		return &kv_too_large;
	if (!kv_may(a, true, &op->key, &op->end) ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return &kv_denied;
	return NULL;
}

const struct kv_fault *kv_op_check(const struct kv_op *op, const struct kv_access *a)
{
	if (op->kind == KV_NOTHING)
		return &kv_key_not_found;
	if (op->kind == KV_TXN)
		return check_txn(op->txn, a);
	if (op->key.len == 0)
		return &kv_no_key;
	if (op->kind == KV_PUT)
		return check_put(op, a);
	if (op->kind == KV_RANGE)
		return kv_may(a, false, &op->key, &op->end) ? NULL : &kv_denied;
	if (!kv_may(a, true, &op->key, &op->end) ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return &kv_denied;
	return NULL;
}

/* The writes of one branch, in which no key may be changed twice. */
struct writes {
	const struct kv_op **ops;
	size_t n, cap;
};

static void writes_done(struct writes *w)
{
	free(w->ops);
}
DEFINE_CLEANUP_OBJECT(struct writes, writes_done);

static bool covers(const struct kv_op *del, const struct kv_bytes *key)
{
	size_t n = MIN(key->len, del->key.len);
	int from = n ? memcmp(key->data, del->key.data, n) : 0;
	int to;

	if (from == 0)
		from = (key->len > del->key.len) - (key->len < del->key.len);
	if (del->end.len == 0)
		return from == 0;
	if (from < 0)
		return false;
	if (del->end.len == 1 && del->end.data[0] == '\0')
		return true;
	n = MIN(key->len, del->end.len);
	to = memcmp(key->data, del->end.data, n);
	return to < 0 || (to == 0 && key->len < del->end.len);
}

static bool clash(const struct kv_op *a, const struct kv_op *b)
{
	if (a->kind == KV_DELETE && b->kind == KV_DELETE)
		return false;
	if (a->kind == KV_PUT && b->kind == KV_PUT)
		return a->key.len == b->key.len &&
		       memcmp(a->key.data, b->key.data, a->key.len) == 0;
	return a->kind == KV_DELETE ? covers(a, &b->key) : covers(b, &a->key);
}

static bool clashes(const struct writes *w, size_t n, const struct kv_op *op)
{
	for (size_t i = 0; i < n; i++)
		if (clash(w->ops[i], op))
			return true;
	return false;
}

static void add_write(struct writes *w, const struct kv_op *op)
{
	if (w->n == w->cap) {
		w->cap = w->cap * 2 + 8;
		w->ops = xrealloc(w->ops, w->cap * sizeof(const struct kv_op *));
	}
	w->ops[w->n++] = op;
}

/* Adds the writes of ops to w. False when two writes conflict. */
static bool collect(const struct kv_op *ops, size_t n_ops, struct writes *w)
{
	for (size_t i = 0; i < n_ops; i++) {
		size_t before = w->n;

		if (ops[i].kind == KV_PUT || ops[i].kind == KV_DELETE) {
			if (clashes(w, w->n, &ops[i]))
				return false;
			add_write(w, &ops[i]);
		}
		if (ops[i].kind != KV_TXN)
			continue;
		/* Only one branch is executed, so both may write the same keys. */
		for (int side = 0; side < 2; side++) {
			CLEANUP(writes_done) struct writes inner = { 0 };

			if (!collect(ops[i].txn->ops[side], ops[i].txn->n_ops[side],
				     &inner))
				return false;
			for (size_t j = 0; j < inner.n; j++) {
				if (clashes(w, before, inner.ops[j]))
					return false;
				add_write(w, inner.ops[j]);
			}
		}
	}
	return true;
}

static const struct kv_fault *check_txn(const struct kv_txn *t, const struct kv_access *a)
{
	const struct kv_fault *f = NULL;

	if (MAX(t->n_cmps, MAX(t->n_ops[0], t->n_ops[1])) > MAX_OPS)
		return &kv_too_many_ops;
	for (size_t i = 0; i < t->n_cmps; i++) {
		if (t->cmps[i].key.len == 0)
			return &kv_no_key;
		if (!kv_may(a, false, &t->cmps[i].key, &t->cmps[i].end))
			return &kv_denied;
	}
	for (int side = 1; side >= 0; side--) {
		CLEANUP(writes_done) struct writes w = { 0 };

		for (size_t i = 0; !f && i < t->n_ops[side]; i++)
			f = kv_op_check(&t->ops[side][i], a);
		if (f)
			return f;
		if (!collect(t->ops[side], t->n_ops[side], &w))
			return &kv_duplicate_key;
	}
	return NULL;
}
