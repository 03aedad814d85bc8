/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "op_write.h"

#include "answer.h"
#include "range.h"

static void write_put(const struct kv_op *op, struct buf *to)
{
	if (op->found.n)
		kv_add_change(to, "prev_kv", op->found.v[0], true);
}

static void write_delete(const struct kv_op *op, struct buf *to)
{
	ejson_add_int(to, "deleted", op->count);
	if (op->found.n == 0)
		return;
	ejson_open(to, "prev_kvs", '[');
	for (size_t i = 0; i < op->found.n && !buf_is_full(to); i++)
		kv_add_change(to, NULL, op->found.v[i], true);
	ejson_close(to, ']');
}

static void write_inner(struct kv_op *op, struct buf *to)
{
	static const char *const names[] = {
		[KV_RANGE] = "response_range",
		[KV_PUT] = "response_put",
		[KV_DELETE] = "response_delete_range",
		[KV_TXN] = "response_txn",
	};

	ejson_open(to, NULL, '{');
	ejson_open(to, names[op->kind], '{');
	ejson_open(to, "header", '{');
	if (op->kind != KV_TXN)
		ejson_add_int(to, "revision", op->rev);
	ejson_close(to, '}');
	kv_op_write(op, to);
	ejson_close(to, '}');
	ejson_close(to, '}');
}

static void write_txn(const struct kv_txn *t, struct buf *to)
{
	ejson_add_true(to, "succeeded", t->held);
	if (t->n_ops[t->held] == 0)
		return;
	ejson_open(to, "responses", '[');
	for (size_t i = 0; i < t->n_ops[t->held]; i++)
		write_inner(&t->ops[t->held][i], to);
	ejson_close(to, ']');
}

void kv_op_write(struct kv_op *op, struct buf *to)
{
	switch (op->kind) {
	case KV_RANGE:
		kv_range_write(op, to);
		break;
	case KV_PUT:
		write_put(op, to);
		break;
	case KV_DELETE:
		write_delete(op, to);
		break;
	case KV_TXN:
		write_txn(op->txn, to);
		break;
	case KV_NOTHING:
		break;
	}
}
