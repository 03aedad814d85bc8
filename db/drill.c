/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drills. */
#include "db.h"
#include "sql.h"

#define KEPT_MAX 200

static const struct db_col columns[] = {
	INTEGER(db_drill, id, COL_KEY | COL_AUTO),
	TEXT(db_drill, stack, 0),
	TEXT(db_drill, owner, 0),
	TEXT(db_drill, state, 0),
	INTEGER(db_drill, started_ms, 0),
	INTEGER(db_drill, ended_ms, 0),
	TEXT(db_drill, report_json, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "drill", sizeof(struct db_drill), columns };
DB_MODEL_DONE(db_drill, table);

static int add(struct db_conn *c, const struct db_drill *d, int64_t *ret_id,
	       struct err *err)
{
	int rc = db_insert(c, &table, d, ret_id, err);

	if (rc == 0)
		rc = db_run(c, err, "DELETE FROM drill WHERE id <= ?1", "i",
			    *ret_id - KEPT_MAX);
	return rc;
}

int db_drill_add(struct db *db, const struct db_drill *d, int64_t *ret_id,
		 struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, add(c, d, ret_id, err), err);
}

int db_drill_put(struct db *db, const struct db_drill *d, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_run(c, err,
		    "UPDATE drill SET state = ?2, ended_ms = ?3, report_json = ?4"
		    " WHERE id = ?1",
		    "itit", d->id, d->state, d->ended_ms, d->report_json);
	return db_write_end(db, rc, err);
}

int db_drill_get(struct db *db, int64_t id, struct db_drill *ret, struct err *err)
{
	return db_get_id(db, &table, id, ret, err);
}

int db_drill_list(struct db *db, const char *stack, struct db_drill_list *ret,
		  struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_order(&w, "id DESC", 0);
	return db_list(db, &table, &w, ret, err);
}
