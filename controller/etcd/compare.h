/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.h - whether a transaction's compares hold, and so which of its branches is
 * executed.
 */
#ifndef CONTROLLER_ETCD_COMPARE_H
#define CONTROLLER_ETCD_COMPARE_H

#include "op.h"

/* Sets held of t, and of transactions nested in the branch that is executed. False when
 * the budget is used up. */
bool kv_compare(const struct keyspace *s, struct kv_txn *t, struct kv_budget *budget);

#endif
