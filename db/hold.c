/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holds. */
#include "db.h"
#include "sql.h"

#include <inttypes.h>

static const struct db_col columns[] = {
	INTEGER(db_hold, id, COL_KEY | COL_AUTO),
	TEXT(db_hold, stack, 0),
	TEXT(db_hold, tier, 0),
	TEXT(db_hold, owner, 0),
	TEXT(db_hold, reason, 0),
	INTEGER(db_hold, created_ms, 0),
	INTEGER(db_hold, expires_ms, 0),
	INTEGER(db_hold, released_ms, 0),
	TEXT(db_hold, released_by, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "hold", sizeof(struct db_hold), columns };
DB_MODEL_DONE(db_hold, table);

int db_hold_add(struct db *db, const struct db_hold *h, int64_t *ret_id, struct err *err)
{
	return db_insert_one(db, &table, h, ret_id, err);
}

int db_hold_get(struct db *db, int64_t id, struct db_hold *ret, struct err *err)
{
	return db_get_id(db, &table, id, ret, err);
}

int db_hold_list(struct db *db, const char *stack, int64_t active_at_ms,
		 struct db_hold_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	if (active_at_ms)
		db_where_add(&w, "released_ms = 0");
	db_where_int(&w, "(expires_ms = 0 OR expires_ms > ?%d)", active_at_ms);
	db_where_order(&w, "id DESC", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_hold_release(struct db *db, int64_t id, const char *by, int64_t now_ms,
		    struct err *err)
{
	CLEANUP(db_hold_done) struct db_hold h = { 0 };
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_hold_get(db, id, &h, err);
	if (rc == 0 && h.released_ms)
		rc = err_set(err, ERR_CONFLICT, "hold %" PRId64 " was already released",
			     id);
	if (rc == 0)
		rc = db_run(c, err,
			    "UPDATE hold SET released_ms = ?2, released_by = ?3"
			    " WHERE id = ?1",
			    "iit", id, now_ms, by);
	return db_write_end(db, rc, err);
}
