/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.h - whether a transaction's compares hold, hence which of its branches runs.
 */
#ifndef CONTROLLER_ETCD_COMPARE_H
#define CONTROLLER_ETCD_COMPARE_H

#include "op.h"

/* Sets held of t, and of the transactions in the branch that runs. */
void kv_compare(const struct keyspace *s, struct kv_txn *t);

#endif
