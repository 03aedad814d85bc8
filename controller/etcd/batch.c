/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "batch.h"

#include "check.h"

#include <stdlib.h>

static void batch_add(struct kv_batch *b, struct kv_change *c)
{
	c->rev = b->space->rev + 1;
	c->sub = (int64_t)b->n;
	if (b->n == b->cap) {
		b->cap = b->cap * 2 + 4;
		b->made = xrealloc(b->made, b->cap * sizeof(struct kv_change *));
	}
	b->made[b->n++] = c;
}

void kv_batch_put(struct kv_batch *b, const struct kv_bytes *key,
		  const struct kv_bytes *value, int64_t lease)
{
	struct kv_key *k = keyspace_key(b->space, key->data, key->len);
	const struct kv_change *old = kv_at(k, 0);
	struct kv_change *c = keyspace_add(b->space, k, value->data, value->len);

	batch_add(b, c);
	c->create_rev = old ? old->create_rev : c->rev;
	c->version = old ? old->version + 1 : 1;
	c->lease = lease;
	keyspace_lease(b->space, k);
}

void kv_batch_delete(struct kv_batch *b, struct kv_key *key)
{
	struct kv_change *c = keyspace_add(b->space, key, NULL, 0);

	batch_add(b, c);
	c->deleted = true;
	keyspace_lease(b->space, key);
}

static void empty(struct kv_batch *b)
{
	free(b->made);
	*b = (struct kv_batch){ .space = b->space, .owner = b->owner };
}

void kv_batch_undo(struct kv_batch *b)
{
	while (b->n > 0)
		keyspace_undo(b->space, b->made[--b->n]);
	empty(b);
}

void kv_batch_done(struct kv_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		keyspace_log(b->space, b->made[i]);
	if (b->n)
		b->space->rev++;
	empty(b);
}
