/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyspace.h"

#include "check.h"
#include "cleanup.h"
#include "sorted.h"

#include <string.h>

static int key_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = MIN(a_len, b_len);
	int c = n ? memcmp(a, b, n) : 0;

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

/* ---------------------------------------------------------------- finding */

size_t kv_find(const struct keyspace *s, const char *key, size_t len, bool *ret_is)
{
	size_t at = SORTED_PLACE(
		s->n_keys, i, key_cmp(s->keys[i]->name, s->keys[i]->len, key, len) < 0);

	*ret_is = at < s->n_keys &&
		  key_cmp(s->keys[at]->name, s->keys[at]->len, key, len) == 0;
	return at;
}

/* An end of one NUL byte: the range is open. */
static bool is_open_end(const struct kv_bytes *end)
{
	return end->len == 1 && end->data[0] == '\0';
}

void kv_find_range(const struct keyspace *s, const struct kv_bytes *key,
		   const struct kv_bytes *end, size_t *ret_from, size_t *ret_to)
{
	bool is;
	size_t from = kv_find(s, key->data, key->len, &is);
	size_t to;

	if (end->len == 0)
		to = from + is;
	else if (is_open_end(end))
		to = s->n_keys;
	else
		to = kv_find(s, end->data, end->len, &is);
	*ret_from = from;
	*ret_to = MAX(from, to);
}

bool kv_in_range(const struct kv_key *k, const struct kv_bytes *key,
		 const struct kv_bytes *end)
{
	int c = key_cmp(k->name, k->len, key->data, key->len);

	if (end->len == 0)
		return c == 0;
	return c >= 0 &&
	       (is_open_end(end) || key_cmp(k->name, k->len, end->data, end->len) < 0);
}

const struct kv_change *kv_at(const struct kv_key *key, int64_t rev)
{
	size_t i = key->n;

	while (i > 0 && rev > 0 && key->changes[i - 1]->rev > rev)
		i--;
	return i > 0 && !key->changes[i - 1]->deleted ? key->changes[i - 1] : NULL;
}

static size_t find_leased(const struct keyspace *s, int64_t lease, const char *name,
			  size_t len)
{
	return SORTED_PLACE(
		s->n_leased, i,
		s->leased[i]->lease < lease ||
			(s->leased[i]->lease == lease &&
			 key_cmp(s->leased[i]->name, s->leased[i]->len, name, len) < 0));
}

struct kv_key *kv_leased(const struct keyspace *s, int64_t lease, size_t i)
{
	size_t at = find_leased(s, lease, "", 0) + i;

	return at < s->n_leased && s->leased[at]->lease == lease ? s->leased[at] : NULL;
}

const struct kv_change *kv_before(const struct kv_change *c)
{
	const struct kv_key *k = c->key;
	size_t i = k->n;

	while (i > 0 && k->changes[i - 1]->rev >= c->rev)
		i--;
	return i > 0 && !k->changes[i - 1]->deleted ? k->changes[i - 1] : NULL;
}

size_t kv_log_find(const struct keyspace *s, int64_t rev)
{
	return SORTED_PLACE(s->n_log, i, s->log[i]->rev < rev);
}

/* ---------------------------------------------------------------- changing */

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
	s->bytes += change_bytes(c);
	return c;
}

static void set_lease(struct keyspace *s, struct kv_key *k, int64_t lease)
{
	size_t at;

	if (k->lease == lease)
		return;
	if (k->lease) {
		at = find_leased(s, k->lease, k->name, k->len);
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
	at = find_leased(s, lease, k->name, k->len);
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
	s->bytes -= change_bytes(c);
	free(c);
}

static void key_remove(struct keyspace *s, struct kv_key *k)
{
	bool is;
	size_t at = kv_find(s, k->name, k->len, &is);

	CHECK(is);
	memmove(s->keys + at, s->keys + at + 1,
		(--s->n_keys - at) * sizeof(struct kv_key *));
	key_free(s, k);
}

void keyspace_undo(struct keyspace *s, struct kv_change *c)
{
	struct kv_key *k = c->key;

	CHECK(k->n > 0 && k->changes[k->n - 1] == c);
	k->n--;
	change_free(s, c);
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
			key_free(s, k);
		else
			s->keys[keys++] = k;
	}
	s->n_keys = keys;
	for (size_t i = 0; i < s->n_log; i++) {
		if (s->log[i]->dropped)
			change_free(s, s->log[i]);
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
