/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose each key is, and how many an owner, and the programs of a stack, may have. */
#include "check.h"
#include "owner.h"

#include <stdio.h>
#include <string.h>

#define STACK_SHARE 4 /* one of so many parts of the space */

/* ---------------------------------------------------------------- of a stack */

/*
 * Programs of all hosts write below "/apps/STACK/": what they have there counts for an
 * owner of that name as well. NULL: owner is no host's programs. With the books' lock.
 */
static struct kv_owner *find_stack(struct kv *kv, const char *owner, const char *key,
				   size_t len)
{
	char name[KV_OWNER_BYTES] = "/";
	size_t slashes = 0, n = 0;

	if (!kv_is_programs(owner))
		return NULL;
	while (n < len && n < sizeof(name) - 1 && slashes < 3)
		slashes += key[n++] == '/';
	/* Others than those have no right to it: they are one. */
	if (slashes == 3 && *key == '/')
		snprintf(name, sizeof(name), "%.*s", (int)n, key);
	return kv_owner_find(kv, name);
}

const struct kv_fault *kv_stack_room(struct kv *kv, const char *owner,
				     const struct kv_bytes *key, size_t bytes)
{
	const size_t max = kv->opts.max_bytes / STACK_SHARE;
	const struct kv_fault *f = NULL;
	struct kv_owner *stack;

	pthread_mutex_lock(&kv->books);
	stack = find_stack(kv, owner, key->data, key->len);
	if (stack && bytes && (bytes > max || kv_owner_bytes(stack) > max - bytes))
		f = kv_owner_refuse(stack, &kv_stack_no_space);
	pthread_mutex_unlock(&kv->books);
	return f;
}

/* ---------------------------------------------------------------- of an owner */

const struct kv_fault *kv_owner_room(struct kv *kv, const struct kv_access *a,
				     size_t keys, size_t bytes)
{
	const struct kv_limits *l = kv_limits_of(a);
	const struct kv_fault *f = NULL;
	struct kv_owner *o;

	if (!*a->owner)
		return NULL;
	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	if (o->keys + keys > l->keys || o->bytes + bytes > l->bytes)
		f = kv_owner_refuse(o, &kv_owner_no_space);
	pthread_mutex_unlock(&kv->books);
	return f;
}

static void count(struct kv_owner *o, const struct kv_key *k, bool is_more)
{
	if (!o)
		return;
	o->keys += is_more ? 1 : -(size_t)1;
	o->bytes += is_more ? k->owned_bytes : -k->owned_bytes;
}

/* With the books' lock. */
static void give(struct kv *kv, struct kv_key *k, struct kv_owner *o)
{
	const struct kv_change *c = kv_at(k, 0);

	count(k->owner, k, false);
	count(k->stack, k, false);
	k->owner = c ? o : NULL;
	k->stack = c ? find_stack(kv, o->name, k->name, k->len) : NULL;
	if (c)
		k->owned_bytes = k->len + c->value_len;
	count(k->owner, k, true);
	count(k->stack, k, true);
}

void kv_owner_take_key(struct kv *kv, struct kv_key *k, const char *owner)
{
	pthread_mutex_lock(&kv->books);
	give(kv, k, kv_owner_find(kv, owner));
	pthread_mutex_unlock(&kv->books);
}

void kv_owner_take_keys(struct kv *kv, const struct kv_batch *b)
{
	struct kv_owner *o;

	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, b->owner);
	for (size_t i = 0; i < b->n; i++)
		give(kv, b->made[i]->key, o);
	pthread_mutex_unlock(&kv->books);
}
