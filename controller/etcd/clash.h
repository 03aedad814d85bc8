/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clash.h - keys that a transaction would change twice. Pure.
 */
#ifndef CONTROLLER_ETCD_CLASH_H
#define CONTROLLER_ETCD_CLASH_H

#include "op.h"

/*
 * Whether two writes that may both be executed concern the same key: two puts, or a put
 * and a delete. The branches of one transaction exclude each other. By sorting:
 * O(n log n) on each level, for n writes.
 */
bool kv_writes_clash(const struct kv_txn *t);

#endif
