/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of the keyspace, and their end. */
#include "check.h"
#include "cleanup.h"
#include "keyspace.h"
#include "sorted.h"

#include <string.h>

static size_t change_bytes(const struct kv_change *c)
{
	return sizeof(*c) + c->value_len + 1;
}

static size_t key_bytes(const struct kv_key *k)
{
	return sizeof(*k) + k->len + 1 + sizeof(void *);
}

static struct kv_key *key_insert(struct keyspace *s, size_t at, const char *name,
				 size_t len)
{
	struct kv_key *k = xcalloc(1, sizeof(*k) + len + 1);

	memcpy(k->name, name, len);
	k->len = len;
	if (s->n_keys == s->cap_keys) {
		s->cap_keys = s->cap_keys * 2 + 64;
		s->keys = xrealloc(s->keys, s->cap_keys * sizeof(struct kv_key *));
	}
	memmove(s->keys + at + 1, s->keys + at,
		(s->n_keys - at) * sizeof(struct kv_key *));
	s->keys[at] = k;
	s->n_keys++;
	s->bytes += key_bytes(k);
	return k;
}

static void key_free(struct keyspace *s, struct kv_key *k)
{
	s->bytes -= key_bytes(k);
	free(k->changes);
	free(k);
}

struct kv_key *keyspace_key(struct keyspace *s, const char *name, size_t len)
{
	bool is;
	size_t at = kv_find(s, name, len, &is);

	return is ? s->keys[at] : key_insert(s, at, name, len);
}

struct kv_change *keyspace_add(struct keyspace *s, struct kv_key *k, const char *value,
			       size_t len)
{
	struct kv_change *c = xcalloc(1, sizeof(*c) + len + 1);

	c->key = k;
	c->value_len = len;
	if (len)
		memcpy(c->value, value, len);
	if (k->n == k->cap) {
		k->cap = k->cap * 2 + 2;
		k->changes = xrealloc(k->changes, k->cap * sizeof(struct kv_change *));
	}
	k->changes[k->n++] = c;
	k->n_alive++;
	s->bytes += change_bytes(c);
	return c;
}

static void set_lease(struct keyspace *s, struct kv_key *k, int64_t lease)
{
	size_t at;

	if (k->lease == lease)
		return;
	if (k->lease) {
		at = kv_leased_place(s, k->lease, k->name, k->len);
		CHECK(at < s->n_leased && s->leased[at] == k);
		memmove(s->leased + at, s->leased + at + 1,
			(--s->n_leased - at) * sizeof(struct kv_key *));
	}
	k->lease = lease;
	if (!lease)
		return;
	if (s->n_leased == s->cap_leased) {
		s->cap_leased = s->cap_leased * 2 + 64;
		s->leased = xrealloc(s->leased, s->cap_leased * sizeof(struct kv_key *));
	}
	at = kv_leased_place(s, lease, k->name, k->len);
	memmove(s->leased + at + 1, s->leased + at,
		(s->n_leased++ - at) * sizeof(struct kv_key *));
	s->leased[at] = k;
}

void keyspace_lease(struct keyspace *s, struct kv_key *k)
{
	const struct kv_change *c = kv_at(k, 0);

	set_lease(s, k, c ? c->lease : 0);
}

static void change_free(struct keyspace *s, struct kv_change *c)
{
	struct kv_key *k = c->key;

	s->bytes -= change_bytes(c);
	free(c);
	if (--k->n_alive == 0 && k->removed)
		key_free(s, k);
}

/* Of the keyspace no more; it is there as long as it is pinned. */
static void change_drop(struct keyspace *s, struct kv_change *c)
{
	c->orphan = true;
	if (c->pins == 0)
		change_free(s, c);
}

void keyspace_pin(struct kv_change *c)
{
	c->pins++;
}

void keyspace_unpin(struct keyspace *s, struct kv_change *c)
{
	CHECK(c->pins > 0);
	if (--c->pins == 0 && c->orphan)
		change_free(s, c);
}

static void key_remove(struct keyspace *s, struct kv_key *k)
{
	bool is;
	size_t at = kv_find(s, k->name, k->len, &is);

	CHECK(is);
	memmove(s->keys + at, s->keys + at + 1,
		(--s->n_keys - at) * sizeof(struct kv_key *));
	k->removed = true;
	if (k->n_alive == 0)
		key_free(s, k);
}

void keyspace_undo(struct keyspace *s, struct kv_change *c)
{
	struct kv_key *k = c->key;

	CHECK(k->n > 0 && k->changes[k->n - 1] == c);
	k->n--;
	change_drop(s, c);
	keyspace_lease(s, k);
	if (k->n == 0)
		key_remove(s, k);
}

void keyspace_log(struct keyspace *s, struct kv_change *c)
{
	if (s->n_log == s->cap_log) {
		s->cap_log = s->cap_log * 2 + 64;
		s->log = xrealloc(s->log, s->cap_log * sizeof(struct kv_change *));
	}
	s->log[s->n_log++] = c;
}

/* ---------------------------------------------------------------- compacting */

/* Marks changes of k that reads at rev or later do not need; returns how many. */
static size_t mark(struct kv_key *k, int64_t rev)
{
	size_t last = k->n; /* the newest that is not after rev, from 1 */
	size_t n;

	while (last > 0 && k->changes[last - 1]->rev > rev)
		last--;
	n = last > 0 && k->changes[last - 1]->deleted ? last : last - (last > 0);
	for (size_t i = 0; i < n; i++)
		k->changes[i]->dropped = true;
	return n;
}

size_t keyspace_mark(struct keyspace *s, int64_t rev)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_keys; i++)
		n += mark(s->keys[i], rev);
	return n;
}

void keyspace_unmark(struct keyspace *s)
{
	for (size_t i = 0; i < s->n_log; i++)
		s->log[i]->dropped = false;
}

/* Removes marked changes from the keys, then from the log, and empty keys. */
void keyspace_sweep(struct keyspace *s)
{
	size_t keys = 0, log = 0;

	for (size_t i = 0; i < s->n_keys; i++) {
		struct kv_key *k = s->keys[i];
		size_t drop = 0;

		while (drop < k->n && k->changes[drop]->dropped)
			drop++;
		k->n -= drop;
		memmove(k->changes, k->changes + drop, k->n * sizeof(struct kv_change *));
		if (k->n == 0)
			k->removed = true; /* freed with its last change */
		else
			s->keys[keys++] = k;
	}
	s->n_keys = keys;
	for (size_t i = 0; i < s->n_log; i++) {
		if (s->log[i]->dropped)
			change_drop(s, s->log[i]);
		else
			s->log[log++] = s->log[i];
	}
	s->n_log = log;
}

void keyspace_done(struct keyspace *s)
{
	for (size_t i = 0; i < s->n_log; i++)
		free(s->log[i]);
	for (size_t i = 0; i < s->n_keys; i++) {
		free(s->keys[i]->changes);
		free(s->keys[i]);
	}
	free(s->log);
	free(s->keys);
	free(s->leased);
}
