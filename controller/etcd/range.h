/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * range.h - the keys of a range request: found and filtered, then sorted and written as
 * JSON without the lock.
 */
#ifndef CONTROLLER_ETCD_RANGE_H
#define CONTROLLER_ETCD_RANGE_H

#include "buf.h"
#include "op.h"

/* Finds them, with the lock held; false when the budget is used up. */
bool kv_range_find(const struct keyspace *s, struct kv_op *op,
		   struct kv_budget *budget) MUST_CHECK;
/* Sorts what was found, if asked for; adds "kvs", "more" and "count" to the answer. */
void kv_range_write(struct kv_op *op, struct buf *to);

#endif
