/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * range.h - the keys of a range request: found, filtered, sorted and written as JSON.
 */
#ifndef CONTROLLER_ETCD_RANGE_H
#define CONTROLLER_ETCD_RANGE_H

#include "buf.h"
#include "op.h"

/* Adds "kvs", "more" and "count" to the answer. */
void kv_range(const struct keyspace *s, struct kv_op *op, struct buf *to);

#endif
