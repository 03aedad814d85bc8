/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyspace.h"

#include "check.h"
#include "sorted.h"
#include "store.h"

size_t kv_find(const struct keyspace *s, const char *key, size_t len, bool *ret_is)
{
	size_t at = SORTED_PLACE(
		s->n_keys, i,
		store_key_cmp(s->keys[i]->name, s->keys[i]->len, key, len) < 0);

	*ret_is = at < s->n_keys &&
		  store_key_cmp(s->keys[at]->name, s->keys[at]->len, key, len) == 0;
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

struct kv_change *kv_at(const struct kv_key *key, int64_t rev)
{
	size_t i =
		rev > 0 ? SORTED_PLACE(key->n, j, key->changes[j]->rev <= rev) : key->n;

	return i > 0 && !key->changes[i - 1]->deleted ? key->changes[i - 1] : NULL;
}

size_t kv_leased_place(const struct keyspace *s, int64_t lease, const char *name,
		       size_t len)
{
	return SORTED_PLACE(s->n_leased, i,
			    s->leased[i]->lease < lease ||
				    (s->leased[i]->lease == lease &&
				     store_key_cmp(s->leased[i]->name, s->leased[i]->len,
						   name, len) < 0));
}

struct kv_key *kv_leased(const struct keyspace *s, int64_t lease, size_t i)
{
	size_t at = kv_leased_place(s, lease, "", 0) + i;

	return at < s->n_leased && s->leased[at]->lease == lease ? s->leased[at] : NULL;
}

const struct kv_change *kv_before(const struct kv_change *c)
{
	return c->rev > 1 ? kv_at(c->key, c->rev - 1) : NULL;
}

size_t kv_log_find(const struct keyspace *s, int64_t rev)
{
	return SORTED_PLACE(s->n_log, i, s->log[i]->rev < rev);
}
