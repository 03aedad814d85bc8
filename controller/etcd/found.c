/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "found.h"

#include "check.h"

#include <stdlib.h>

#define MEMBERS_BYTES 160 /* of a key in an answer, besides key and value */

void kv_found_add(struct kv_found *f, struct kv_change *c)
{
	if (f->n == f->cap) {
		f->cap = f->cap * 2 + 8;
		f->v = xrealloc(f->v, f->cap * sizeof(struct kv_change *));
	}
	keyspace_pin(c);
	f->v[f->n++] = c;
}

bool kv_found_release(struct kv_found *f, struct keyspace *s, size_t max)
{
	for (; f->n > 0 && max > 0; max--)
		keyspace_unpin(s, f->v[--f->n]);
	return f->n == 0;
}

void kv_found_done(struct kv_found *f)
{
	CHECK(f->n == 0);
	free(f->v);
	*f = (struct kv_found){ 0 };
}

static bool take(size_t *left, size_t n)
{
	bool enough = n <= *left;

	*left -= enough ? n : *left;
	return enough;
}

bool kv_budget_look(struct kv_budget *b, size_t n_keys)
{
	return take(&b->keys, n_keys);
}

bool kv_budget_answer(struct kv_budget *b, const struct kv_change *c, bool with_value)
{
	size_t raw = c->key->len + (with_value ? c->value_len : 0);

	return take(&b->bytes, raw / 3 * 4 + MEMBERS_BYTES);
}
