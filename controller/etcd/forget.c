/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forget.h"

#include "check.h"
#include "persist.h"

#include <string.h>

#define SECRETS "/foretide/secrets/"
#define SECRETS_END "/foretide/secrets0"

static bool is_secret(const struct kv_key *k)
{
	const size_t n = strlen(SECRETS);

	return k->len >= n && memcmp(k->name, SECRETS, n) == 0;
}

/* Marks all but the deletion; returns how many were not. */
static size_t mark(struct kv_key *k)
{
	size_t n = k->n - 1, marked = 0;

	if (!k->changes[n]->deleted)
		return 0;
	for (size_t i = 0; i < n; i++) {
		marked += !k->changes[i]->dropped;
		k->changes[i]->dropped = true;
	}
	return marked;
}

size_t kv_batch_forget(const struct kv_batch *b)
{
	size_t marked = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->made[i]->deleted && is_secret(b->made[i]->key))
			marked += mark(b->made[i]->key);
	return marked;
}

static size_t mark_all(struct kv *kv)
{
	char key[] = SECRETS, end[] = SECRETS_END;
	const struct kv_bytes from = { key, strlen(key) }, to = { end, strlen(end) };
	size_t i, n, marked = 0;

	kv_find_range(&kv->space, &from, &to, &i, &n);
	for (; i < n; i++)
		marked += mark(kv->space.keys[i]);
	return marked;
}

void kv_forget(struct kv *kv, size_t marked)
{
	if (kv->forgets_all)
		marked += mark_all(kv);
	kv->forgets_all =
		marked && kv_drop_marked(kv, marked, kv->space.compacted) != NULL;
}
