/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kv.h"

#include "sql.h"

int db_kv_changes(struct db *db, db_kv_change_fn *fn, void *arg, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = db_prepare(c,
			     "SELECT rev, sub, key, value, create_rev, version, lease,"
			     " deleted, owner FROM kv_change ORDER BY rev, sub",
			     &q, err)) < 0)
		return rc;
	while ((rc = db_step(c, q, err)) == 1) {
		struct db_kv_change change = {
			.rev = sqlite3_column_int64(q, 0),
			.sub = sqlite3_column_int64(q, 1),
			.key = sqlite3_column_blob(q, 2),
			.key_len = (size_t)sqlite3_column_bytes(q, 2),
			.value = sqlite3_column_blob(q, 3),
			.value_len = (size_t)sqlite3_column_bytes(q, 3),
			.create_rev = sqlite3_column_int64(q, 4),
			.version = sqlite3_column_int64(q, 5),
			.lease = sqlite3_column_int64(q, 6),
			.deleted = sqlite3_column_int(q, 7) != 0,
			.owner = db_column_str(q, 8),
		};

		rc = fn(arg, &change, err);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int db_kv_leases(struct db *db, db_kv_lease_fn *fn, void *arg, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = db_prepare(c, "SELECT id, ttl_s, owner FROM kv_lease ORDER BY id", &q,
			     err)) < 0)
		return rc;
	while ((rc = db_step(c, q, err)) == 1) {
		struct db_kv_lease lease = {
			.id = sqlite3_column_int64(q, 0),
			.ttl_s = sqlite3_column_int64(q, 1),
			.owner = db_column_str(q, 2),
		};

		rc = fn(arg, &lease, err);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int db_kv_state_get(struct db *db, const char *name, int64_t *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = db_prepare(c, "SELECT value FROM kv_state WHERE name = ?1", &q, err)) <
		    0)
		return rc;
	db_bind(q, "t", name);
	rc = db_step(c, q, err);
	if (rc < 0)
		return rc;
	*ret = rc == 1 ? sqlite3_column_int64(q, 0) : 0;
	return 0;
}

static int put_state(struct db_conn *c, const char *name, int64_t value, struct err *err)
{
	return db_run(c, err,
		      "INSERT INTO kv_state (name, value) VALUES (?1, ?2)"
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		      "ti", name, value);
}

int db_kv_state_put(struct db *db, const char *name, int64_t value, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, put_state(c, name, value, err), err);
}

static int insert(struct db_conn *c, const struct db_kv_change *k, struct err *err)
{
	return db_run(c, err,
		      "INSERT INTO kv_change (rev, sub, key, value, create_rev, version,"
		      " lease, deleted, owner)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		      "iibbiiiit", k->rev, k->sub, k->key, k->key_len, k->value,
		      k->value_len, k->create_rev, k->version, k->lease,
		      (int64_t)k->deleted, k->owner);
}

int db_kv_commit(struct db *db, const struct db_kv_change *changes, size_t n,
		 int64_t ended_lease, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = insert(c, &changes[i], err);
	if (rc == 0 && ended_lease)
		rc = db_run(c, err, "DELETE FROM kv_lease WHERE id = ?1", "i",
			    ended_lease);
	return db_write_end(db, rc, err);
}

int db_kv_lease_put(struct db *db, const struct db_kv_lease *l, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_run(c, err, "INSERT INTO kv_lease (id, ttl_s, owner) VALUES (?1, ?2, ?3)",
		    "iit", l->id, l->ttl_s, l->owner);
	return db_write_end(db, rc, err);
}

int db_kv_compact(struct db *db, const struct db_kv_change *changes, size_t n,
		  int64_t compacted, int64_t rev, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = db_run(c, err, "DELETE FROM kv_change WHERE rev = ?1 AND sub = ?2",
			    "ii", changes[i].rev, changes[i].sub);
	if (rc == 0)
		rc = put_state(c, "compacted", compacted, err);
	if (rc == 0)
		rc = put_state(c, "rev", rev, err);
	return db_write_end(db, rc, err);
}
