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

/* ---- compact.c */

/* Drops the n changes that are marked; history that was compacted ends at compacted. */
const struct kv_fault *kv_drop_marked(struct kv *kv, size_t n,
				      int64_t compacted) MUST_CHECK;
const struct kv_fault *kv_compact(struct kv *kv, int64_t rev) MUST_CHECK;
/* When there is much more of it than is kept; a failure is logged. */
void kv_compact_if_much(struct kv *kv);

/* ---- room.c */

/*
 * Whether there is room for so many more bytes of this owner; compacts if necessary, but
 * rarely. Programs may fill five eighths of all; others six, or seven who have little
 * themselves; the last eighth is the controller's. A refusal is counted.
 */
bool kv_has_room(struct kv *kv, const char *owner, size_t bytes);

#endif
