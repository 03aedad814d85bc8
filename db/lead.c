/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured lead times. */
#include "db.h"
#include "sql.h"

static const char *const kinds[] = { "tier", "host", "unit", NULL };
DB_MODEL_NAMES(db_lead_kind, enum db_lead_kind, kinds);

static const struct db_col columns[] = {
	INTEGER(db_lead, id, COL_KEY | COL_AUTO),
	ENUM(db_lead, kind, 0, kinds),
	TEXT(db_lead, stack, 0),
	TEXT(db_lead, tier, 0),
	TEXT(db_lead, pool, 0),
	TEXT(db_lead, host, 0),
	INTEGER(db_lead, wanted_ms, 0),
	INTEGER(db_lead, healthy_ms, 0),
	INTEGER(db_lead, lead_ms, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "lead", sizeof(struct db_lead), columns };
DB_MODEL_DONE(db_lead, table);

int db_lead_add(struct db *db, const struct db_lead *l, struct err *err)
{
	return db_insert_one(db, &table, l, NULL, err);
}

int db_lead_list(struct db *db, const struct db_lead_filter *f, struct db_lead_list *ret,
		 struct err *err)
{
	static const struct db_lead_filter all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_text(&w, "pool = ?%d", f->pool);
	db_where_text(&w, "kind = ?%d", f->kind);
	db_where_int(&w, "healthy_ms >= ?%d", f->since_ms);
	db_where_int(&w, "id < ?%d", f->before_id);
	db_where_order(&w, "id DESC", f->limit);
	return db_list(db, &table, &w, ret, err);
}
