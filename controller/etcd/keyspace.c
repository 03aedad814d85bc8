/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "db.h"
#include "kv.h"
#include "log.h"
#include "sorted.h"

#include <string.h>

static int key_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = MIN(a_len, b_len);
	int c = n ? memcmp(a, b, n) : 0;

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

/* ---------------------------------------------------------------- finding */

size_t kv_find(const struct kv *kv, const char *key, size_t len, bool *ret_is)
{
	size_t at =
		SORTED_PLACE(kv->n_keys, i,
			     key_cmp(kv->keys[i]->name, kv->keys[i]->len, key, len) < 0);

	*ret_is = at < kv->n_keys &&
		  key_cmp(kv->keys[at]->name, kv->keys[at]->len, key, len) == 0;
	return at;
}

/* A range's end of one NUL byte means: no end. */
static bool is_open_end(const struct kv_bytes *end)
{
	return end->len == 1 && end->data[0] == '\0';
}

void kv_find_range(const struct kv *kv, const struct kv_bytes *key,
		   const struct kv_bytes *end, size_t *ret_from, size_t *ret_to)
{
	bool is;
	size_t from = kv_find(kv, key->data, key->len, &is);
	size_t to;

	if (end->len == 0)
		to = from + is;
	else if (is_open_end(end))
		to = kv->n_keys;
	else
		to = kv_find(kv, end->data, end->len, &is);
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

const struct kv_change *kv_before(const struct kv_change *c)
{
	const struct kv_key *k = c->key;
	size_t i = k->n;

	while (i > 0 && k->changes[i - 1]->rev >= c->rev)
		i--;
	return i > 0 && !k->changes[i - 1]->deleted ? k->changes[i - 1] : NULL;
}

size_t kv_log_find(const struct kv *kv, int64_t rev)
{
	return SORTED_PLACE(kv->n_log, i, kv->log[i]->rev < rev);
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

static struct kv_key *key_insert(struct kv *kv, size_t at, const char *name, size_t len)
{
	struct kv_key *k = xcalloc(1, sizeof(*k) + len + 1);

	memcpy(k->name, name, len);
	k->len = len;
	if (kv->n_keys == kv->cap_keys) {
		kv->cap_keys = kv->cap_keys * 2 + 64;
		kv->keys = xrealloc(kv->keys, kv->cap_keys * sizeof(struct kv_key *));
	}
	memmove(kv->keys + at + 1, kv->keys + at,
		(kv->n_keys - at) * sizeof(struct kv_key *));
	kv->keys[at] = k;
	kv->n_keys++;
	kv->bytes += key_bytes(k);
	return k;
}

static void key_free(struct kv *kv, struct kv_key *k)
{
	kv->bytes -= key_bytes(k);
	free(k->changes);
	free(k);
}

static struct kv_change *change_new(struct kv *kv, struct kv_key *k, const char *value,
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
	kv->bytes += change_bytes(c);
	return c;
}

static void change_free(struct kv *kv, struct kv_change *c)
{
	kv->bytes -= change_bytes(c);
	free(c);
}

static void log_add(struct kv *kv, struct kv_change *c)
{
	if (kv->n_log == kv->cap_log) {
		kv->cap_log = kv->cap_log * 2 + 64;
		kv->log = xrealloc(kv->log, kv->cap_log * sizeof(struct kv_change *));
	}
	kv->log[kv->n_log++] = c;
}

static void batch_add(struct kv_batch *b, struct kv_change *c)
{
	c->rev = b->kv->rev + 1;
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
	bool is;
	size_t at = kv_find(b->kv, key->data, key->len, &is);
	struct kv_key *k =
		is ? b->kv->keys[at] : key_insert(b->kv, at, key->data, key->len);
	const struct kv_change *old = kv_at(k, 0);
	struct kv_change *c = change_new(b->kv, k, value->data, value->len);

	batch_add(b, c);
	c->create_rev = old ? old->create_rev : c->rev;
	c->version = old ? old->version + 1 : 1;
	c->lease = lease;
}

void kv_batch_delete(struct kv_batch *b, struct kv_key *key)
{
	struct kv_change *c = change_new(b->kv, key, NULL, 0);

	batch_add(b, c);
	c->deleted = true;
}

static void key_remove(struct kv *kv, struct kv_key *k)
{
	bool is;
	size_t at = kv_find(kv, k->name, k->len, &is);

	CHECK(is);
	memmove(kv->keys + at, kv->keys + at + 1,
		(--kv->n_keys - at) * sizeof(struct kv_key *));
	key_free(kv, k);
}

static void batch_undo(struct kv_batch *b)
{
	while (b->n > 0) {
		struct kv_change *c = b->made[--b->n];
		struct kv_key *k = c->key;

		CHECK(k->n > 0 && k->changes[k->n - 1] == c);
		k->n--;
		change_free(b->kv, c);
		if (k->n == 0)
			key_remove(b->kv, k);
	}
}

static struct db_kv_change row_of(const struct kv_change *c)
{
	return (struct db_kv_change){
		.rev = c->rev,
		.sub = c->sub,
		.key = c->key->name,
		.key_len = c->key->len,
		.value = c->value,
		.value_len = c->value_len,
		.create_rev = c->create_rev,
		.version = c->version,
		.lease = c->lease,
		.deleted = c->deleted,
	};
}

static int store_batch(const struct kv_batch *b, struct err *err)
{
	CLEANUP(free)
	struct db_kv_change *rows = xcalloc(b->n + 1, sizeof(*rows));

	for (size_t i = 0; i < b->n; i++)
		rows[i] = row_of(b->made[i]);
	return db_kv_commit(b->kv->db, rows, b->n, b->ended_lease, err);
}

static void compact_if_much(struct kv *kv)
{
	size_t history = kv->n_log - MIN(kv->n_log, kv->n_keys);

	if (history < 2 * kv->opts.keep_changes)
		return;
	/* A failure is in the log; the next change tries again. */
	if (kv_compact(kv, kv->log[kv->n_log - kv->opts.keep_changes]->rev))
		return;
}

const struct kv_fault *kv_batch_commit(struct kv_batch *b)
{
	struct kv *kv = b->kv;
	size_t n = b->n;
	struct err err;

	if ((n || b->ended_lease) && store_batch(b, &err) < 0) {
		batch_undo(b);
		free(b->made);
		*b = (struct kv_batch){ .kv = kv };
		log_error("store-write-failed", ERR(&err));
		return &kv_db_failed;
	}
	for (size_t i = 0; i < n; i++)
		log_add(kv, b->made[i]);
	free(b->made);
	*b = (struct kv_batch){ .kv = kv };
	if (n) {
		kv->rev++;
		kv_watch_notify(kv, n);
		compact_if_much(kv);
	}
	return NULL;
}

/* ---------------------------------------------------------------- compaction */

/* Marks what of k is not needed to read it at rev or later; how much that is. */
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

static int store_compaction(struct kv *kv, size_t n, int64_t rev, struct err *err)
{
	CLEANUP(free) struct db_kv_change *rows = xcalloc(n + 1, sizeof(*rows));
	size_t have = 0;

	for (size_t i = 0; i < kv->n_log; i++)
		if (kv->log[i]->dropped)
			rows[have++] = (struct db_kv_change){ .rev = kv->log[i]->rev,
							      .sub = kv->log[i]->sub };
	CHECK(have == n);
	return db_kv_compact(kv->db, rows, n, rev, kv->rev, err);
}

/* Takes what is marked out of the keys, then out of the log, and keys without any. */
static void sweep(struct kv *kv)
{
	size_t keys = 0, log = 0;

	for (size_t i = 0; i < kv->n_keys; i++) {
		struct kv_key *k = kv->keys[i];
		size_t drop = 0;

		while (drop < k->n && k->changes[drop]->dropped)
			drop++;
		k->n -= drop;
		memmove(k->changes, k->changes + drop, k->n * sizeof(struct kv_change *));
		if (k->n == 0)
			key_free(kv, k);
		else
			kv->keys[keys++] = k;
	}
	kv->n_keys = keys;
	for (size_t i = 0; i < kv->n_log; i++) {
		if (kv->log[i]->dropped)
			change_free(kv, kv->log[i]);
		else
			kv->log[log++] = kv->log[i];
	}
	kv->n_log = log;
}

const struct kv_fault *kv_compact(struct kv *kv, int64_t rev)
{
	size_t n = 0;
	struct err err;

	if (rev <= kv->compacted)
		return &kv_compacted;
	if (rev > kv->rev)
		return &kv_future_rev;
	for (size_t i = 0; i < kv->n_keys; i++)
		n += mark(kv->keys[i], rev);
	if (store_compaction(kv, n, rev, &err) < 0) {
		for (size_t i = 0; i < kv->n_log; i++)
			kv->log[i]->dropped = false;
		log_error("store-compaction-failed", ERR(&err));
		return &kv_db_failed;
	}
	sweep(kv);
	kv->compacted = rev;
	return NULL;
}

bool kv_has_room(struct kv *kv, size_t bytes)
{
	if (bytes <= kv->opts.max_bytes && kv->bytes <= kv->opts.max_bytes - bytes)
		return true;
	if (kv->rev > kv->compacted && kv_compact(kv, kv->rev) != NULL)
		return false;
	return bytes <= kv->opts.max_bytes && kv->bytes <= kv->opts.max_bytes - bytes;
}

/* ---------------------------------------------------------------- start and end */

static int load_change(void *arg, const struct db_kv_change *row, struct err *err)
{
	struct kv *kv = arg;
	bool is;
	size_t at = kv_find(kv, row->key ? row->key : "", row->key_len, &is);
	struct kv_key *k;
	struct kv_change *c;

	if (row->key_len == 0)
		return err_set(err, ERR_STORE, "a key without a name at revision %lld",
			       (long long)row->rev);
	k = is ? kv->keys[at] : key_insert(kv, at, row->key, row->key_len);
	c = change_new(kv, k, row->value, row->value_len);
	c->rev = row->rev;
	c->sub = row->sub;
	c->create_rev = row->create_rev;
	c->version = row->version;
	c->lease = row->lease;
	c->deleted = row->deleted;
	log_add(kv, c);
	kv->rev = row->rev;
	return 0;
}

int kv_load(struct kv *kv, struct err *err)
{
	int64_t rev = 0;
	int rc = db_kv_changes(kv->db, load_change, kv, err);

	if (rc == 0)
		rc = db_kv_state_get(kv->db, "rev", &rev, err);
	if (rc == 0)
		rc = db_kv_state_get(kv->db, "compacted", &kv->compacted, err);
	/* A new store is at revision 1, as etcd's. */
	kv->rev = MAX(MAX(kv->rev, rev), 1);
	return rc;
}

void kv_mem_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n_log; i++)
		free(kv->log[i]);
	for (size_t i = 0; i < kv->n_keys; i++) {
		free(kv->keys[i]->changes);
		free(kv->keys[i]);
	}
	free(kv->log);
	free(kv->keys);
}
