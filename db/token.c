/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API tokens. */
#include "db.h"
#include "sql.h"

#include <inttypes.h>
#include <string.h>

static const char *const roles[] = { "viewer", "operator", "admin", NULL };
DB_MODEL_NAMES(db_role, enum db_role, roles);

static const struct db_col columns[] = {
	INTEGER(db_token, id, COL_KEY | COL_AUTO),
	TEXT(db_token, name, 0),
	ENUM(db_token, role, 0, roles),
	TEXT(db_token, hash, 0),
	INTEGER(db_token, created_ms, 0),
	INTEGER(db_token, expires_ms, 0),
	INTEGER(db_token, last_used_ms, 0),
	BOOL(db_token, revoked, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "token", sizeof(struct db_token), columns };
DB_MODEL_DONE(db_token, table);

int db_token_add(struct db *db, const struct db_token *t, int64_t *ret_id,
		 struct err *err)
{
	int rc = db_insert_one(db, &table, t, ret_id, err);

	if (rc == ERR_CONFLICT)
		return err_set(err, rc, "a token named '%s' already exists", t->name);
	return rc;
}

int db_token_find(struct db *db, const char *hash, int64_t now_ms, struct db_token *ret,
		  struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "hash = ?%d", hash);
	db_where_add(&w, "revoked = 0");
	db_where_int(&w, "(expires_ms = 0 OR expires_ms > ?%d)", now_ms);
	return db_get(db, &table, &w, ret, "token", "of this secret", err);
}

int db_token_in_force(struct db *db, int64_t id, int64_t now_ms, struct err *err)
{
	CLEANUP(db_token_done) struct db_token t = { 0 };
	int rc = db_get_id(db, &table, id, &t, err);

	if (rc == 0 && (t.revoked || (t.expires_ms && t.expires_ms <= now_ms)))
		rc = err_set(err, ERR_NOT_FOUND, "token %" PRId64 " has ended", id);
	return rc;
}

int db_token_list(struct db *db, struct db_token_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "id", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_token_revoke(struct db *db, int64_t id, struct err *err)
{
	char what[40];

	snprintf(what, sizeof(what), "token %" PRId64 " in force", id);
	return db_change(db, what, err,
			 "UPDATE token SET revoked = 1 WHERE id = ?1 AND revoked = 0",
			 "i", id);
}

int db_token_used(struct db *db, int64_t id, int64_t now_ms, struct err *err)
{
	CLEANUP(db_token_done) struct db_token t = { 0 };
	int rc = db_get_id(db, &table, id, &t, err);

	if (rc < 0 || now_ms - t.last_used_ms < 60000)
		return rc;
	return db_change(db, NULL, err,
			 "UPDATE token SET last_used_ms = ?2 WHERE id = ?1", "ii", id,
			 now_ms);
}
