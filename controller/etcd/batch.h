/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - changes of the keyspace that happen together, at one revision. They are
 * in the keyspace immediately, and in its log once the batch is done. persist.h commits a
 * batch.
 */
#ifndef CONTROLLER_ETCD_BATCH_H
#define CONTROLLER_ETCD_BATCH_H

#include "keyspace.h"

struct kv_batch {
	struct keyspace *space;
	const char *owner; /* of what is put */
	struct kv_change **made;
	size_t n, cap;
	int64_t ended_lease; /* deleted with the batch */
};

void kv_batch_put(struct kv_batch *b, const struct kv_bytes *key,
		  const struct kv_bytes *value, int64_t lease);
void kv_batch_delete(struct kv_batch *b, struct kv_key *key);

/* Both leave the batch empty. */
/* Restores the keyspace. */
void kv_batch_undo(struct kv_batch *b);
/* Logs the changes; the revision grows if there are any. */
void kv_batch_done(struct kv_batch *b);

#endif
