/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "validate.h"

#include "access.h"
#include "clash.h"

#define REQUEST_BYTES (1536u << 10) /* of one put, as etcd's limit */

static const struct kv_fault *check_branches(const struct kv_txn *t,
					     const struct kv_access *a);

static const struct kv_fault *check_keys(const struct kv_bytes *key,
					 const struct kv_bytes *end)
{
	if (key->len == 0)
		return &kv_no_key;
	return key->len > KV_KEY_BYTES || end->len > KV_KEY_BYTES ? &kv_too_large : NULL;
}

static const struct kv_fault *check_put(const struct kv_op *op, const struct kv_access *a)
{
	if (op->ignore_value && op->value.len)
		return &kv_value_provided;
	if (op->ignore_lease && op->lease)
		return &kv_lease_provided;
	if (op->key.len + op->value.len > REQUEST_BYTES)
		return &kv_too_large;
	if (kv_may_write(a, op) == KV_DENIED ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return kv_denial(a);
	return NULL;
}

static const struct kv_fault *check_op(const struct kv_op *op, const struct kv_access *a)
{
	const struct kv_fault *f;

	if (op->kind == KV_NOTHING)
		return &kv_key_not_found;
	if (op->kind == KV_TXN)
		return check_branches(op->txn, a);
	if ((f = check_keys(&op->key, &op->end)))
		return f;
	if (op->kind == KV_PUT)
		return check_put(op, a);
	if (op->kind == KV_RANGE)
		return kv_may(a, false, &op->key, &op->end) ? NULL : kv_denial(a);
	if (kv_may_write(a, op) == KV_DENIED ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return kv_denial(a);
	return NULL;
}

static const struct kv_fault *check_branches(const struct kv_txn *t,
					     const struct kv_access *a)
{
	const struct kv_fault *f = NULL;

	for (size_t i = 0; i < t->n_cmps; i++) {
		if ((f = check_keys(&t->cmps[i].key, &t->cmps[i].end)))
			return f;
		if (!kv_may(a, false, &t->cmps[i].key, &t->cmps[i].end))
			return kv_denial(a);
	}
	for (int side = 1; side >= 0; side--)
		for (size_t i = 0; !f && i < t->n_ops[side]; i++)
			f = check_op(&t->ops[side][i], a);
	return f;
}

const struct kv_fault *kv_op_check(const struct kv_op *op, const struct kv_access *a)
{
	const struct kv_fault *f = check_op(op, a);

	if (f || op->kind != KV_TXN)
		return f;
	return kv_writes_clash(op->txn) ? &kv_duplicate_key : NULL;
}
