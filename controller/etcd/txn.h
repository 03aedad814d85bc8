/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * txn.h - executes an operation: a range, a put, a delete, or a transaction of them as
 * one batch.
 */
#ifndef CONTROLLER_ETCD_TXN_H
#define CONTROLLER_ETCD_TXN_H

#include "buf.h"
#include "member.h"
#include "op.h"

/*
 * Executes op (takes the lock) and writes the complete answer. The op must have passed
 * kv_op_check().
 */
const struct kv_fault *kv_op_run(struct kv *kv, struct kv_op *op,
				 const struct kv_access *a, struct buf *to) MUST_CHECK;

#endif
