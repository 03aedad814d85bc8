/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * persist.h - the keyspace in the database: each batch is written before it counts, and
 * what is compacted is deleted. The functions here are called with the lock held.
 */
#ifndef CONTROLLER_ETCD_PERSIST_H
#define CONTROLLER_ETCD_PERSIST_H

#include "batch.h"
#include "member.h"

int kv_load(struct kv *kv, struct err *err) MUST_CHECK;
/*
 * Writes it to the database and calls on_changes(); if that fails the memory is as it was
 * before. The batch is empty again either way.
 */
const struct kv_fault *kv_batch_commit(struct kv *kv, struct kv_batch *b) MUST_CHECK;
const struct kv_fault *kv_compact(struct kv *kv, int64_t rev) MUST_CHECK;
/* There is room for so many more bytes; compacts if need be. */
bool kv_has_room(struct kv *kv, size_t bytes);

#endif
