/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forget.h - of a secret that was deleted nothing is kept: its values are not history
 * that a reader of an old revision, or the database, still has.
 */
#ifndef CONTROLLER_ETCD_FORGET_H
#define CONTROLLER_ETCD_FORGET_H

#include "batch.h"
#include "member.h"

/* Marks the earlier changes of such keys that the batch deletes; returns how many. */
size_t kv_batch_forget(const struct kv_batch *b);
/*
 * Drops the marked changes from memory and database; the deletions stay. After one that
 * failed, or with forgets_all, all such keys that are deleted are looked at. The lock is
 * held.
 */
void kv_forget(struct kv *kv, size_t marked);

#endif
