/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "persist.h"

#include "check.h"
#include "db.h"
#include "forget.h"
#include "owner.h"

/* ---------------------------------------------------------------- committing */

static struct db_kv_change row_of(const struct kv_change *c, const char *owner)
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
		.owner = c->deleted ? "" : owner,
	};
}

static int store_batch(struct db *db, const struct kv_batch *b, struct err *err)
{
	CLEANUP(free)
	struct db_kv_change *rows = xcalloc(b->n + 1, sizeof(*rows));

	for (size_t i = 0; i < b->n; i++)
		rows[i] = row_of(b->made[i], b->owner);
	return db_kv_commit(db, rows, b->n, b->ended_lease, err);
}

const struct kv_fault *kv_batch_commit(struct kv *kv, struct kv_batch *b)
{
	size_t n = b->n;
	size_t forgotten;
	struct err err;
	int rc = 0;

	if (n || b->ended_lease) {
		rc = store_batch(kv->db, b, &err);
		log_streak(&kv->write_fails, "store-write-failed", rc < 0 ? &err : NULL);
	}
	if (rc < 0) {
		kv_batch_undo(b);
		return &kv_db_failed;
	}
	kv_owner_take_keys(kv, b);
	forgotten = kv_batch_forget(b);
	kv_batch_done(b);
	kv->told_rev = kv->space.rev;
	if (n) {
		kv->on_changes(kv, n);
		kv_forget(kv, forgotten);
		kv_compact_if_much(kv);
	}
	return NULL;
}

/* ---------------------------------------------------------------- loading */

static int load_change(void *arg, const struct db_kv_change *row, struct err *err)
{
	struct kv *kv = arg;
	struct keyspace *s = &kv->space;
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
	kv_owner_take_key(kv, k, row->owner);
	s->rev = row->rev;
	return 0;
}

int kv_load(struct kv *kv, struct err *err)
{
	int64_t rev = 0;
	int rc = db_kv_changes(kv->db, load_change, kv, err);

	if (rc == 0)
		rc = db_kv_state_get(kv->db, "rev", &rev, err);
	if (rc == 0)
		rc = db_kv_state_get(kv->db, "compacted", &kv->space.compacted, err);
	/* A new store is at revision 1, as etcd's. */
	kv->space.rev = MAX(MAX(kv->space.rev, rev), 1);
	kv->told_rev = kv->space.rev;
	kv->forgets_all = true;
	if (rc == 0)
		kv_forget(kv, 0);
	return rc;
}
