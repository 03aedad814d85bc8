/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions with their records. */
#include "db.h"
#include "sql.h"

static const struct db_col columns[] = {
	INTEGER(db_decision, id, COL_KEY | COL_AUTO),
	TEXT(db_decision, stack, 0),
	TEXT(db_decision, tier, 0),
	INTEGER(db_decision, at_ms, 0),
	INTEGER(db_decision, from, 0),
	INTEGER(db_decision, to, 0),
	TEXT(db_decision, cause, 0),
	TEXT(db_decision, sentence, 0),
	TEXT(db_decision, explanation_json, 0),
	TEXT(db_decision, record, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "decision", sizeof(struct db_decision), columns };
DB_MODEL_DONE(db_decision, table);

int db_decision_add(struct db *db, const struct db_decision *d, int64_t *ret_id,
		    struct err *err)
{
	return db_insert_one(db, &table, d, ret_id, err);
}

int db_decision_get(struct db *db, int64_t id, struct db_decision *ret, struct err *err)
{
	return db_get_id(db, &table, id, ret, err);
}

int db_decision_list(struct db *db, const struct db_page *f, struct db_decision_list *ret,
		     struct err *err)
{
	static const struct db_page all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_int(&w, "at_ms >= ?%d", f->since_ms);
	db_where_int(&w, "at_ms < ?%d", f->until_ms);
	db_where_int(&w, "id < ?%d", f->before_id);
	db_where_order(&w, "id DESC", f->limit);
	return db_list(db, &table, &w, ret, err);
}
