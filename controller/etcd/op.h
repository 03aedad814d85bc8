/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * op.h - an operation on keys (range, put, delete, transaction), parsed from JSON.
 */
#ifndef CONTROLLER_ETCD_OP_H
#define CONTROLLER_ETCD_OP_H

#include "found.h"
#include "keyspace.h"
#include "store.h"

#define KV_MAX_DEPTH 8 /* of transactions in transactions */
/* Of a transaction and all in it, each counted by the longest of its three lists. etcd
 * passes what is left down, so that siblings have it each; here they share it. */
#define KV_MAX_OPS 128
#define KV_KEY_BYTES 4096

enum kv_op_kind { KV_RANGE, KV_PUT, KV_DELETE, KV_TXN, KV_NOTHING };

struct kv_txn;

struct kv_op {
	enum kv_op_kind kind;
	struct kv_bytes key, end, value;
	int64_t limit, at_rev;
	int64_t min_mod, max_mod, min_create, max_create;
	int order, target; /* the enum values of etcd's API */
	bool keys_only, count_only;
	int64_t lease;
	bool prev_kv, ignore_value, ignore_lease;
	struct kv_txn *txn;

	/* Its result: the keys of a range, those that were before a write. */
	struct kv_found found;
	int64_t count, rev;
	bool more;
};

struct kv_cmp {
	struct kv_bytes key, end, value;
	int target, relation; /* the enum values of etcd's API */
	int64_t number;
};

struct kv_txn {
	struct kv_cmp *cmps;
	size_t n_cmps;
	struct kv_op *ops[2]; /* [1]: when the compares hold */
	size_t n_ops[2];
	bool held;
};

/* The caller frees op, also after an error; kv_op_run() leaves nothing pinned. */
int kv_parse_op(const json_t *o, enum kv_op_kind kind, struct kv_op *ret,
		struct err *err) MUST_CHECK;
void kv_op_done(struct kv_op *op);
DEFINE_CLEANUP_OBJECT(struct kv_op, kv_op_done);
int kv_parse_bytes(const json_t *o, const char *name, struct kv_bytes *ret,
		   struct err *err) MUST_CHECK;

#endif
