/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "txn.h"

#include "answer.h"
#include "check.h"
#include "compare.h"
#include "lease.h"
#include "persist.h"
#include "range.h"

/* A transaction during its execution. */
struct run {
	struct kv *kv;
	const struct kv_access *access;
	struct kv_batch batch;
	struct buf *to;
};

/* ---------------------------------------------------------------- checks with state */

static const struct kv_change *current(const struct kv *kv, const struct kv_bytes *key)
{
	bool is;
	size_t at = kv_find(&kv->space, key->data, key->len, &is);

	return is ? kv_at(kv->space.keys[at], 0) : NULL;
}

static const struct kv_fault *precheck_put(struct run *r, const struct kv_op *op,
					   size_t *need)
{
	const struct kv_lease *l = op->lease ? kv_lease_find(r->kv, op->lease) : NULL;

	*need += op->key.len + op->value.len + 256;
	if ((op->ignore_value || op->ignore_lease) && !current(r->kv, &op->key))
		return &kv_key_not_found;
	if (op->lease && !l)
		return &kv_lease_not_found;
	return l && !kv_lease_may(l, r->access) ? &kv_denied : NULL;
}

static const struct kv_fault *precheck(struct run *r, const struct kv_op *op,
				       size_t *need)
{
	const struct kv_fault *f = NULL;

	if (op->kind == KV_PUT)
		return precheck_put(r, op, need);
	if (op->kind == KV_RANGE) {
		if (op->at_rev > r->kv->space.rev)
			return &kv_future_rev;
		return op->at_rev > 0 && op->at_rev < r->kv->space.compacted
			       ? &kv_compacted
			       : NULL;
	}
	if (op->kind == KV_TXN) {
		const struct kv_txn *t = op->txn;

		for (size_t i = 0; !f && i < t->n_ops[t->held]; i++)
			f = precheck(r, &t->ops[t->held][i], need);
	}
	return f;
}

/* ---------------------------------------------------------------- operations */

/* An operation in a transaction reports its revision. */
static void add_inner_header(struct run *r, bool writes)
{
	ejson_open(r->to, "header", '{');
	ejson_add_int(r->to, "revision", r->kv->space.rev + (writes || r->batch.n > 0));
	ejson_close(r->to, '}');
}

static void run_range(struct run *r, struct kv_op *op, bool inner)
{
	if (inner)
		add_inner_header(r, false);
	kv_range(&r->kv->space, op, r->to);
}

static void run_put(struct run *r, const struct kv_op *op, bool inner)
{
	const struct kv_change *old = current(r->kv, &op->key);
	struct kv_bytes value = op->value;
	int64_t lease = op->lease;

	if (op->ignore_lease)
		lease = old->lease;
	if (op->ignore_value) {
		value.data = (char *)(uintptr_t)old->value; /* only read */
		value.len = old->value_len;
	}
	if (inner)
		add_inner_header(r, true);
	if (op->prev_kv && old)
		kv_add_change(r->to, "prev_kv", old, true);
	kv_batch_put(&r->batch, &op->key, &value, lease);
}

static void run_delete(struct run *r, const struct kv_op *op, bool inner)
{
	CLEANUP(free) const struct kv_change **gone = NULL;
	size_t from, to, n = 0;

	kv_find_range(&r->kv->space, &op->key, &op->end, &from, &to);
	gone = xcalloc(to - from + 1, sizeof(const struct kv_change *));
	for (size_t i = from; i < to; i++) {
		const struct kv_change *c = kv_at(r->kv->space.keys[i], 0);

		if (!c)
			continue;
		gone[n++] = c;
		kv_batch_delete(&r->batch, c->key);
	}
	if (inner)
		add_inner_header(r, false);
	ejson_add_int(r->to, "deleted", (int64_t)n);
	if (!op->prev_kv || n == 0)
		return;
	ejson_open(r->to, "prev_kvs", '[');
	for (size_t i = 0; i < n; i++)
		kv_add_change(r->to, NULL, gone[i], true);
	ejson_close(r->to, ']');
}

/* ---------------------------------------------------------------- transactions */

static void run_op(struct run *r, struct kv_op *op, bool inner);

static void run_branch(struct run *r, const struct kv_txn *t)
{
	static const char *const names[] = {
		[KV_RANGE] = "response_range",
		[KV_PUT] = "response_put",
		[KV_DELETE] = "response_delete_range",
		[KV_TXN] = "response_txn",
	};

	ejson_add_true(r->to, "succeeded", t->held);
	if (t->n_ops[t->held] == 0)
		return;
	ejson_open(r->to, "responses", '[');
	for (size_t i = 0; i < t->n_ops[t->held]; i++) {
		struct kv_op *op = &t->ops[t->held][i];

		ejson_open(r->to, NULL, '{');
		ejson_open(r->to, names[op->kind], '{');
		run_op(r, op, true);
		ejson_close(r->to, '}');
		ejson_close(r->to, '}');
	}
	ejson_close(r->to, ']');
}

static void run_op(struct run *r, struct kv_op *op, bool inner)
{
	switch (op->kind) {
	case KV_RANGE:
		run_range(r, op, inner);
		break;
	case KV_PUT:
		run_put(r, op, inner);
		break;
	case KV_DELETE:
		run_delete(r, op, inner);
		break;
	case KV_TXN:
		if (inner) {
			ejson_open(r->to, "header", '{');
			ejson_close(r->to, '}');
		}
		run_branch(r, op->txn);
		break;
	case KV_NOTHING:
		break;
	}
}

static const struct kv_fault *run_locked(struct run *r, struct kv_op *op)
{
	const struct kv_fault *f;
	size_t need = 0;

	if (op->kind == KV_TXN)
		kv_compare(&r->kv->space, op->txn);
	f = precheck(r, op, &need);
	if (!f && need && !kv_has_room(r->kv, need))
		f = &kv_no_space;
	if (f)
		return f;
	run_op(r, op, false);
	return kv_batch_commit(r->kv, &r->batch);
}

const struct kv_fault *kv_op_run(struct kv *kv, struct kv_op *op,
				 const struct kv_access *a, struct buf *to)
{
	CLEANUP(buf_done) struct buf body;
	struct run r = {
		.kv = kv, .access = a, .batch = { .space = &kv->space }, .to = &body
	};
	const struct kv_fault *f;

	buf_init(&body, KV_ANSWER_BYTES);
	pthread_mutex_lock(&kv->lock);
	f = run_locked(&r, op);
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	pthread_mutex_unlock(&kv->lock);
	if (f)
		return f;
	if (body.len)
		buf_putc(to, ',');
	buf_add(to, buf_str(&body), body.len);
	ejson_close(to, '}');
	return buf_is_full(&body) || buf_is_full(to) ? &kv_answer_too_large : NULL;
}
