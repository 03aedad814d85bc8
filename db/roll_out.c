/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the newest unit text of each tier has come. */
#include "db.h"
#include "sql.h"

static const char *const states[] = { "running", "stopped", "banned", "done", NULL };

static const struct db_col columns[] = {
	TEXT(db_roll_out, stack, COL_KEY), TEXT(db_roll_out, tier, COL_KEY),
	TEXT(db_roll_out, hash, 0),        TEXT(db_roll_out, good, 0),
	INTEGER(db_roll_out, version, 0),  ENUM(db_roll_out, state, 0, states),
	TEXT(db_roll_out, unit, 0),        TEXT(db_roll_out, host, 0),
	TEXT(db_roll_out, why, 0),         INTEGER(db_roll_out, since_ms, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "roll_out", sizeof(struct db_roll_out), columns };
DB_MODEL_DONE(db_roll_out, table);

int db_roll_out_list(struct db *db, const char *stack, struct db_roll_out_list *ret,
		     struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_order(&w, "stack, tier", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_roll_outs_put(struct db *db, const struct db_roll_out *v, size_t n,
		     struct err *err)
{
	struct db_conn *c;
	int rc = n ? db_write_begin(db, false, &c, err) : 0;

	if (rc < 0 || n == 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = db_put(c, &table, &v[i], err);
	return db_write_end(db, rc, err);
}

int db_roll_outs_restart(struct db *db, const char *stack, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_run(
		c, err,
		"UPDATE roll_out SET state = 'running', unit = '', host = '', why = '',"
		" since_ms = 0"
		" WHERE stack = ?1 AND state IN ('stopped', 'banned')",
		"t", stack);
	return db_write_end(db, rc, err);
}
