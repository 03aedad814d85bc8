/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The types of host that pools' clouds have, and their prices. */
#include "db.h"
#include "sql.h"

static const struct db_col columns[] = {
	TEXT(db_pool_type, pool, COL_KEY), TEXT(db_pool_type, type, COL_KEY),
	REAL(db_pool_type, cpu, 0),        INTEGER(db_pool_type, memory_bytes, 0),
	REAL(db_pool_type, price_hour, 0), REAL(db_pool_type, spot_price_hour, 0),
	TEXT(db_pool_type, currency, 0),   TEXT(db_pool_type, source, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "pool_type", sizeof(struct db_pool_type),
				       columns };
DB_MODEL_DONE(db_pool_type, table);

int db_pool_type_list(struct db *db, const char *pool, struct db_pool_type_list *ret,
		      struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "pool = ?%d", pool);
	db_where_order(&w, "pool, type", 0);
	return db_list(db, &table, &w, ret, err);
}

static int replace(struct db_conn *c, const char *pool, const struct db_pool_type *v,
		   size_t n, struct err *err)
{
	int rc = db_run(c, err, "DELETE FROM pool_type WHERE pool = ?1", "t", pool);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = db_put(c, &table, &v[i], err);
	/* The pool was deleted meanwhile. */
	return rc < 0 ? rc
		      : db_run(c, err,
			       "DELETE FROM pool_type WHERE pool = ?1 AND NOT EXISTS"
			       " (SELECT 1 FROM pool WHERE name = ?1)",
			       "t", pool);
}

int db_pool_types_put(struct db *db, const char *pool, const struct db_pool_type *v,
		      size_t n, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, replace(c, pool, v, n, err), err);
}
