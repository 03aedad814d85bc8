/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was paid, by day, stack, tier and currency; ledger_enter.c enters it. */
#include "db.h"
#include "sql.h"

static const struct db_col columns[] = {
	INTEGER(db_cost, day_ms, COL_KEY), TEXT(db_cost, stack, COL_KEY),
	TEXT(db_cost, tier, COL_KEY),      TEXT(db_cost, currency, COL_KEY),
	INTEGER(db_cost, through_ms, 0),   INTEGER(db_cost, paid_ms, 0),
	REAL(db_cost, amount, 0),          REAL(db_cost, hour, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "cost", sizeof(struct db_cost), columns };
DB_MODEL_DONE(db_cost, table);

int db_cost_list(struct db *db, const char *stack, int64_t since_ms,
		 struct db_cost_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_int(&w, "day_ms >= ?%d", since_ms);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_order(&w, "stack, tier, currency, day_ms", 0);
	return db_list(db, &table, &w, ret, err);
}
