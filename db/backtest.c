/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last backtest of each tier. */
#include "db.h"
#include "sql.h"

#include "check.h"

static const struct db_col columns[] = {
	TEXT(db_backtest, stack, COL_KEY), TEXT(db_backtest, tier, COL_KEY),
	INTEGER(db_backtest, at_ms, 0),    TEXT(db_backtest, report_json, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "backtest", sizeof(struct db_backtest), columns };
DB_MODEL_DONE(db_backtest, table);

int db_backtest_get(struct db *db, const char *stack, const char *tier,
		    struct db_backtest *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;
	CLEANUP(free) char *key = xasprintf("%s/%s", stack, tier);

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_text(&w, "tier = ?%d", tier);
	return db_get(db, &table, &w, ret, "backtest of", key, err);
}

static int put(struct db_conn *c, const struct db_backtest *b, struct err *err)
{
	return db_run(c, err,
		      "INSERT OR REPLACE INTO backtest (stack, tier, at_ms, report_json)"
		      " SELECT ?1, ?2, ?3, ?4"
		      " WHERE EXISTS (SELECT 1 FROM tier WHERE stack = ?1 AND name = ?2)",
		      "ttit", b->stack, b->tier, b->at_ms, b->report_json);
}

int db_backtest_put(struct db *db, const struct db_backtest *b, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, put(c, b, err), err);
}
