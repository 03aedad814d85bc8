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

static int is_in_force(struct db_conn *c, const char *stack, int64_t version, bool *ret,
		       struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, "SELECT 1 FROM stack WHERE name = ?1 AND version = ?2", &q,
			    err);

	if (rc < 0)
		return rc;
	db_bind(q, "ti", stack, version);
	rc = db_step(c, q, err);
	*ret = rc > 0;
	return rc < 0 ? rc : 0;
}

int db_roll_outs_put(struct db *db, const struct db_roll_out *v, const int64_t *versions,
		     size_t n, struct err *err)
{
	struct db_conn *c;
	int rc = n ? db_write_begin(db, false, &c, err) : 0;

	if (rc < 0 || n == 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool is_as_read = false;

		rc = is_in_force(c, v[i].stack, versions[i], &is_as_read, err);
		if (rc == 0 && is_as_read)
			rc = db_put(c, &table, &v[i], err);
	}
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
		" WHERE stack = ?1 AND state <> 'done'",
		"t", stack);
	return db_write_end(db, rc, err);
}
