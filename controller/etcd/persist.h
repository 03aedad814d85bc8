/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * persist.h - the keyspace in the database: batches are written before they take effect,
 * and compacted changes are deleted. Called with the lock held.
 */
#ifndef CONTROLLER_ETCD_PERSIST_H
#define CONTROLLER_ETCD_PERSIST_H

#include "batch.h"
#include "member.h"

int kv_load(struct kv *kv, struct err *err) MUST_CHECK;
/*
 * Writes the batch to the database and calls on_changes(); if the write fails, the
 * keyspace is restored. The batch is empty again in both cases.
 */
const struct kv_fault *kv_batch_commit(struct kv *kv, struct kv_batch *b) MUST_CHECK;
const struct kv_fault *kv_compact(struct kv *kv, int64_t rev) MUST_CHECK;
/* Whether there is room for so many more bytes; compacts if necessary. */
bool kv_has_room(struct kv *kv, size_t bytes);

#endif
