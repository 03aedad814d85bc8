/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events. */
#include "db.h"
#include "sql.h"

static const char *const levels[] = { "info", "warn", "error", NULL };
DB_MODEL_NAMES(db_level, enum db_level, levels);

static const struct db_col columns[] = {
	INTEGER(db_event, id, COL_KEY | COL_AUTO),
	INTEGER(db_event, at_ms, 0),
	TEXT(db_event, kind, 0),
	ENUM(db_event, level, 0, levels),
	TEXT(db_event, stack, 0),
	TEXT(db_event, tier, 0),
	TEXT(db_event, host, 0),
	TEXT(db_event, unit, 0),
	TEXT(db_event, message, 0),
	TEXT(db_event, data_json, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "event", sizeof(struct db_event), columns };
DB_MODEL_DONE(db_event, table);

int db_event_add(struct db *db, const struct db_event *e, int64_t *ret_id,
		 struct err *err)
{
	return db_insert_one(db, &table, e, ret_id, err);
}

int db_event_list(struct db *db, const struct db_event_filter *f,
		  struct db_event_list *ret, struct err *err)
{
	static const struct db_event_filter all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	db_where_int(&w, "id > ?%d", f->after_id);
	db_where_int(&w, "id < ?%d", f->before_id);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_text(&w, "host = ?%d", f->host);
	db_where_text(&w, "kind = ?%d", f->kind);
	db_where_order(&w, f->newest ? "id DESC" : "id", f->limit);
	return db_list(db, &table, &w, ret, err);
}
