/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - changes of the keyspace that happen together, at one revision. They are in
 * memory at once, and in the log when the batch is done; persist.h commits one.
 */
#ifndef CONTROLLER_ETCD_BATCH_H
#define CONTROLLER_ETCD_BATCH_H

#include "keyspace.h"

struct kv_batch {
	struct keyspace *space;
	struct kv_change **made;
	size_t n, cap;
	int64_t ended_lease; /* goes with it */
};

void kv_batch_put(struct kv_batch *b, const struct kv_bytes *key,
		  const struct kv_bytes *value, int64_t lease);
void kv_batch_delete(struct kv_batch *b, struct kv_key *key);

/* Both leave the batch empty. */
void kv_batch_undo(struct kv_batch *b); /* the keyspace is as it was before */
void kv_batch_done(struct kv_batch *b); /* the next revision, if anything changed */

#endif
