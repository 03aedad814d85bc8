/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "txn.h"

#include "access.h"
#include "answer.h"
#include "check.h"
#include "compare.h"
#include "lease.h"
#include "op_write.h"
#include "owner.h"
#include "persist.h"
#include "range.h"

#include <string.h>

/* That all ranges, deletes and compares of a transaction together may look at. */
#define TXN_KEYS 200000
/* Of one request that is not the controller's own: others wait until they are written. */
#define CHANGES_MAX 20000
#define PIECE_KEYS 1000 /* that are unpinned at once */

/* A transaction during its execution. */
struct run {
	struct kv *kv;
	const struct kv_access *access;
	struct kv_batch batch;
	struct kv_budget budget;
	const struct kv_fault *fault; /* why it does not go on */
	size_t need_bytes;            /* in the store */
	size_t n_changes, n_found;    /* to be paid */
	size_t reused_bytes;          /* of values that were not sent; to be paid */
	size_t own_keys, own_bytes;   /* that its owner would have more */
	size_t stack_bytes;           /* that its stacks would have more together */
};

/* ---------------------------------------------------------------- checks with state */

static struct kv_change *current(const struct kv *kv, const struct kv_bytes *key)
{
	bool is;
	size_t at = kv_find(&kv->space, key->data, key->len, &is);

	return is ? kv_at(kv->space.keys[at], 0) : NULL;
}

static bool is_own(const struct run *r, int64_t lease)
{
	const struct kv_lease *l = lease ? kv_lease_find(r->kv, lease) : NULL;

	return l && kv_lease_may(l, r->access);
}

/* What depends on what is there now. */
static const struct kv_fault *precheck_right(const struct run *r, const struct kv_op *op)
{
	const struct kv_change *is;

	if (!r->access->is_agent)
		return NULL;
	is = op->end.len ? NULL : current(r->kv, &op->key);
	return kv_may_on(r->access, op, is, is && is_own(r, is->lease),
			 is_own(r, op->lease))
		       ? NULL
		       : kv_denial(r->access);
}

/* What the programs of its stack have there already is no more. */
static const struct kv_fault *precheck_stack(struct run *r, const struct kv_op *op,
					     const struct kv_change *old, size_t bytes)
{
	const size_t had = old && old->key->stack ? old->key->owned_bytes : 0;

	if (bytes <= had)
		return NULL;
	r->stack_bytes += bytes - had;
	return kv_stack_room(r->kv, r->access->owner, &op->key, r->stack_bytes);
}

static const struct kv_fault *precheck_put(struct run *r, const struct kv_op *op)
{
	const struct kv_lease *l = op->lease ? kv_lease_find(r->kv, op->lease) : NULL;
	const struct kv_change *old = current(r->kv, &op->key);
	size_t reused = op->ignore_value && old ? old->value_len : 0;
	size_t bytes = op->key.len + op->value.len + reused;
	const struct kv_fault *f;

	r->reused_bytes += reused;
	r->need_bytes += bytes + 256;
	if (!old || strcmp(old->key->owner->name, r->access->owner) != 0) {
		r->own_keys++;
		r->own_bytes += bytes;
	} else if (bytes > old->key->owned_bytes) {
		r->own_bytes += bytes - old->key->owned_bytes;
	}
	if ((op->ignore_value || op->ignore_lease) && !old)
		return &kv_key_not_found;
	if (op->lease && !l)
		return &kv_lease_not_found;
	if (l && !kv_lease_may(l, r->access))
		return &kv_denied;
	f = precheck_right(r, op);
	return f ? f : precheck_stack(r, op, old, bytes);
}

static const struct kv_fault *precheck(struct run *r, const struct kv_op *op)
{
	const struct kv_fault *f = NULL;

	if (op->kind == KV_PUT)
		return precheck_put(r, op);
	if (op->kind == KV_DELETE)
		return precheck_right(r, op);
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
			f = precheck(r, &t->ops[t->held][i]);
	}
	return f;
}

/* ---------------------------------------------------------------- operations */

/* Each returns false when it must not go on: the budget is used up, or fault says why. */
static bool run_op(struct run *r, struct kv_op *op);

/* An operation in a transaction reports its revision. */
static void note_rev(struct run *r, struct kv_op *op, bool writes)
{
	op->rev = r->kv->space.rev + (writes || r->batch.n > 0);
}

static bool note_prev(struct run *r, struct kv_op *op, struct kv_change *old)
{
	if (!op->prev_kv)
		return true;
	kv_found_add(&op->found, old);
	return kv_budget_answer(&r->budget, old, true);
}

static bool run_put(struct run *r, struct kv_op *op)
{
	struct kv_change *old = current(r->kv, &op->key);
	struct kv_bytes value = op->value;
	int64_t lease = op->lease;

	if (op->ignore_lease)
		lease = old->lease;
	if (op->ignore_value) {
		value.data = old->value; /* only read */
		value.len = old->value_len;
	}
	note_rev(r, op, true);
	if (old && !note_prev(r, op, old))
		return false;
	kv_batch_put(&r->batch, &op->key, &value, lease);
	return true;
}

static bool run_delete(struct run *r, struct kv_op *op)
{
	size_t from, to;

	kv_find_range(&r->kv->space, &op->key, &op->end, &from, &to);
	if (!kv_budget_look(&r->budget, to - from))
		return false;
	for (size_t i = from; i < to; i++) {
		struct kv_change *c = kv_at(r->kv->space.keys[i], 0);

		if (!c)
			continue;
		if (!note_prev(r, op, c))
			return false;
		if (*r->access->owner && r->batch.n >= CHANGES_MAX) {
			r->fault = &kv_too_large;
			return false;
		}
		op->count++;
		kv_batch_delete(&r->batch, c->key);
	}
	note_rev(r, op, false);
	return true;
}

static bool run_branch(struct run *r, struct kv_txn *t)
{
	bool ok = true;

	for (size_t i = 0; ok && i < t->n_ops[t->held]; i++)
		ok = run_op(r, &t->ops[t->held][i]);
	return ok;
}

static bool run_op(struct run *r, struct kv_op *op)
{
	bool ok;

	switch (op->kind) {
	case KV_RANGE:
		note_rev(r, op, false);
		ok = kv_range_find(&r->kv->space, op, &r->budget);
		r->n_found += op->found.n;
		return ok;
	case KV_PUT:
		return run_put(r, op);
	case KV_DELETE:
		return run_delete(r, op);
	case KV_TXN:
		return run_branch(r, op->txn);
	case KV_NOTHING:
		break;
	}
	return true;
}

static const struct kv_fault *run_locked(struct run *r, struct kv_op *op)
{
	const struct kv_fault *f;

	if (op->kind == KV_TXN && !kv_compare(&r->kv->space, op->txn, &r->budget))
		return &kv_answer_too_large;
	f = precheck(r, op);
	if (!f && r->own_bytes + r->own_keys)
		f = kv_owner_room(r->kv, r->access, r->own_keys, r->own_bytes);
	if (!f && r->need_bytes && !kv_has_room(r->kv, r->access->owner, r->need_bytes))
		f = &kv_no_space;
	if (f)
		return f;
	if (!run_op(r, op)) {
		kv_batch_undo(&r->batch);
		return r->fault;
	}
	r->n_changes = r->batch.n;
	return kv_batch_commit(r->kv, &r->batch);
}

/* ---------------------------------------------------------------- without the lock */

/* Unpins in pieces, so that nobody waits for long. */
static void release(struct kv *kv, struct kv_op *op)
{
	bool done = op->found.n == 0;

	while (!done) {
		pthread_mutex_lock(&kv->lock);
		done = kv_found_release(&op->found, &kv->space, PIECE_KEYS);
		pthread_mutex_unlock(&kv->lock);
	}
	for (size_t i = 0; op->kind == KV_TXN && i < op->txn->n_ops[op->txn->held]; i++)
		release(kv, &op->txn->ops[op->txn->held][i]);
}

/* The call itself was paid before. */
static void pay(const struct run *r, size_t keys, const struct buf *to)
{
	const double looked = (double)(keys - r->budget.keys);
	const double bytes = (double)(KV_ANSWER_BYTES - r->budget.bytes);

	kv_pay_more(r->kv, r->access, KV_WRITES,
		    (double)(r->n_changes - MIN(r->n_changes, 1)) +
			    (double)r->reused_bytes / KV_BODY_PAID);
	kv_pay_more(r->kv, r->access, KV_READS,
		    looked / KV_LOOKED_PAID + (double)r->n_found / KV_FOUND_PAID +
			    MAX(bytes, (double)to->len) / KV_ANSWER_PAID);
}

const struct kv_fault *kv_op_run(struct kv *kv, struct kv_op *op,
				 const struct kv_access *a, struct buf *to)
{
	const size_t keys = op->kind == KV_TXN ? TXN_KEYS : SIZE_MAX;
	struct run r = {
		.kv = kv,
		.access = a,
		.batch = { .space = &kv->space, .owner = a->owner },
		.budget = { .keys = keys, .bytes = KV_ANSWER_BYTES },
		.fault = &kv_answer_too_large,
	};
	const struct kv_fault *f;
	int64_t rev;

	pthread_mutex_lock(&kv->lock);
	f = run_locked(&r, op);
	rev = kv->space.rev;
	pthread_mutex_unlock(&kv->lock);
	if (!f) {
		ejson_open(to, NULL, '{');
		kv_add_header_at(to, kv, rev);
		kv_op_write(op, to);
		ejson_close(to, '}');
	}
	pay(&r, keys, to);
	release(kv, op);
	return !f && buf_is_full(to) ? &kv_answer_too_large : f;
}
