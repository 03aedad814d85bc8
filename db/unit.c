/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units. */
#include "db.h"
#include "sql.h"

static const char *const goals[] = { "run", "drain", "gone", "restart", NULL };
DB_MODEL_NAMES(db_goal, enum db_goal, goals);

static const struct db_col columns[] = {
	TEXT(db_unit, name, COL_KEY),    TEXT(db_unit, stack, 0),
	TEXT(db_unit, tier, 0),          TEXT(db_unit, host, 0),
	TEXT(db_unit, hash, 0),          ENUM(db_unit, goal, 0, goals),
	INTEGER(db_unit, wanted_ms, 0),  INTEGER(db_unit, placed_ms, 0),
	INTEGER(db_unit, healthy_ms, 0), TEXT(db_unit, active, 0),
	TEXT(db_unit, sub, 0),           TEXT(db_unit, health, 0),
	BOOL(db_unit, drained, 0),       TEXT(db_unit, message, 0),
	INTEGER(db_unit, epoch, 0),      { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "unit", sizeof(struct db_unit), columns };
DB_MODEL_DONE(db_unit, table);

int db_unit_get(struct db *db, const char *name, struct db_unit *ret, struct err *err)
{
	return db_get_text(db, &table, "name", name, ret, err);
}

int db_unit_list(struct db *db, const struct db_unit_filter *f, struct db_unit_list *ret,
		 struct err *err)
{
	static const struct db_unit_filter all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_text(&w, "host = ?%d", f->host);
	db_where_text(&w, "name > ?%d", f->after);
	db_where_order(&w, "name", f->limit);
	return db_list(db, &table, &w, ret, err);
}

static int change_all(struct db_conn *c, const struct db_unit *put, size_t n_put,
		      const char *const *del, size_t n_del, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n_del; i++)
		rc = db_run(c, err, "DELETE FROM unit WHERE name = ?1", "t", del[i]);
	for (size_t i = 0; rc == 0 && i < n_put; i++)
		rc = db_put(c, &table, &put[i], err);
	return rc;
}

int db_units_change(struct db *db, const struct db_unit *put, size_t n_put,
		    const char *const *del, size_t n_del, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, change_all(c, put, n_put, del, n_del, err), err);
}

int db_unit_put(struct db *db, const struct db_unit *u, struct err *err)
{
	return db_units_change(db, u, 1, NULL, 0, err);
}
