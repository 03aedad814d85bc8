/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured effects of past events. */
#include "db.h"
#include "sql.h"

static const struct db_col columns[] = {
	TEXT(db_uplift, stack, COL_KEY),    TEXT(db_uplift, tier, COL_KEY),
	TEXT(db_uplift, name, COL_KEY),     INTEGER(db_uplift, start_ms, COL_KEY),
	INTEGER(db_uplift, end_ms, 0),      REAL(db_uplift, log_ratio, 0),
	REAL(db_uplift, error, 0),          INTEGER(db_uplift, days, 0),
	INTEGER(db_uplift, measured_ms, 0), { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "uplift", sizeof(struct db_uplift), columns };
DB_MODEL_DONE(db_uplift, table);

int db_uplift_list(struct db *db, const char *stack, const char *tier,
		   struct db_uplift_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_text(&w, "tier = ?%d", tier);
	db_where_order(&w, "name, start_ms", 0);
	return db_list(db, &table, &w, ret, err);
}

static int put(struct db_conn *c, const struct db_uplift *u, struct err *err)
{
	int rc = db_run(c, err,
			"DELETE FROM uplift WHERE stack = ?1 AND tier = ?2 AND name = ?3"
			" AND start_ms < ?5 AND end_ms > ?4",
			"tttii", u->stack, u->tier, u->name, u->start_ms, u->end_ms);

	return rc < 0 ? rc : db_put(c, &table, u, err);
}

int db_uplift_put(struct db *db, const struct db_uplift *u, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, put(c, u, err), err);
}
