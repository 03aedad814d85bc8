/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "persist.h"

#include "check.h"
#include "db.h"
#include "log.h"

/* ---------------------------------------------------------------- compacting */

static int store_compaction(struct kv *kv, size_t n, int64_t rev, struct err *err)
{
	CLEANUP(free) struct db_kv_change *rows = xcalloc(n + 1, sizeof(*rows));
	size_t have = 0;

	for (size_t i = 0; i < kv->space.n_log; i++)
		if (kv->space.log[i]->dropped)
			rows[have++] =
				(struct db_kv_change){ .rev = kv->space.log[i]->rev,
						       .sub = kv->space.log[i]->sub };
	CHECK(have == n);
	return db_kv_compact(kv->db, rows, n, rev, kv->space.rev, err);
}

const struct kv_fault *kv_compact(struct kv *kv, int64_t rev)
{
	size_t n;
	struct err err;

	if (rev <= kv->space.compacted)
		return &kv_compacted;
	if (rev > kv->space.rev)
		return &kv_future_rev;
	n = keyspace_mark(&kv->space, rev);
	if (store_compaction(kv, n, rev, &err) < 0) {
		keyspace_unmark(&kv->space);
		log_error("store-compaction-failed", ERR(&err));
		return &kv_db_failed;
	}
	keyspace_sweep(&kv->space);
	kv->space.compacted = rev;
	return NULL;
}

static void compact_if_much(struct kv *kv)
{
	size_t history = kv->space.n_log - MIN(kv->space.n_log, kv->space.n_keys);

	if (history < 2 * kv->opts.keep_changes)
		return;
	/* A failure is logged; the next change retries. */
	if (kv_compact(kv, kv->space.log[kv->space.n_log - kv->opts.keep_changes]->rev))
		return;
}

bool kv_has_room(struct kv *kv, size_t bytes)
{
	if (bytes <= kv->opts.max_bytes && kv->space.bytes <= kv->opts.max_bytes - bytes)
		return true;
	if (kv->space.rev > kv->space.compacted && kv_compact(kv, kv->space.rev) != NULL)
		return false;
	return bytes <= kv->opts.max_bytes &&
	       kv->space.bytes <= kv->opts.max_bytes - bytes;
}

/* ---------------------------------------------------------------- committing */

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

static int store_batch(struct db *db, const struct kv_batch *b, struct err *err)
{
	CLEANUP(free)
	struct db_kv_change *rows = xcalloc(b->n + 1, sizeof(*rows));

	for (size_t i = 0; i < b->n; i++)
		rows[i] = row_of(b->made[i]);
	return db_kv_commit(db, rows, b->n, b->ended_lease, err);
}

const struct kv_fault *kv_batch_commit(struct kv *kv, struct kv_batch *b)
{
	size_t n = b->n;
	struct err err;

	if ((n || b->ended_lease) && store_batch(kv->db, b, &err) < 0) {
		kv_batch_undo(b);
		log_error("store-write-failed", ERR(&err));
		return &kv_db_failed;
	}
	kv_batch_done(b);
	if (n) {
		kv->on_changes(kv, n);
		compact_if_much(kv);
	}
	return NULL;
}

/* ---------------------------------------------------------------- loading */

static int load_change(void *arg, const struct db_kv_change *row, struct err *err)
{
	struct keyspace *s = arg;
	struct kv_key *k;
	struct kv_change *c;

	if (row->key_len == 0)
		return err_set(err, ERR_STORE, "a key without a name at revision %lld",
			       (long long)row->rev);
	k = keyspace_key(s, row->key, row->key_len);
	c = keyspace_add(s, k, row->value, row->value_len);
	c->rev = row->rev;
	c->sub = row->sub;
	c->create_rev = row->create_rev;
	c->version = row->version;
	c->lease = row->lease;
	c->deleted = row->deleted;
	keyspace_lease(s, k);
	keyspace_log(s, c);
	s->rev = row->rev;
	return 0;
}

int kv_load(struct kv *kv, struct err *err)
{
	int64_t rev = 0;
	int rc = db_kv_changes(kv->db, load_change, &kv->space, err);

	if (rc == 0)
		rc = db_kv_state_get(kv->db, "rev", &rev, err);
	if (rc == 0)
		rc = db_kv_state_get(kv->db, "compacted", &kv->space.compacted, err);
	/* A new store is at revision 1, as etcd's. */
	kv->space.rev = MAX(MAX(kv->space.rev, rev), 1);
	return rc;
}
