/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools: what is declared, and their state. */
#include "db.h"
#include "sql.h"

#include "check.h"

static const struct db_col columns[] = {
	TEXT(db_pool, name, COL_KEY),
	TEXT(db_pool, stack, 0),
	TEXT(db_pool, driver, 0),
	TEXT(db_pool, profile, 0),
	TEXT(db_pool, type, 0),
	INTEGER(db_pool, min, 0),
	INTEGER(db_pool, max, 0),
	REAL(db_pool, cpu, 0),
	INTEGER(db_pool, memory_bytes, 0),
	INTEGER(db_pool, billing_ms, 0),
	INTEGER(db_pool, billing_min_ms, 0),
	INTEGER(db_pool, lost_after_ms, 0),
	BOOL(db_pool, lose_stateful, 0),
	TEXT(db_pool, type_order, 0),
	REAL(db_pool, spot_share, 0),
	INTEGER(db_pool, spot_base, 0),
	TEXT(db_pool, user_data, 0),
	TEXT(db_pool, config_json, 0),
	INTEGER(db_pool, want, COL_STATE),
	TEXT(db_pool, state, COL_STATE),
	INTEGER(db_pool, backoff_until_ms, COL_STATE),
	TEXT(db_pool, last_error, COL_STATE),
	INTEGER(db_pool, unjoined, COL_STATE),
	INTEGER(db_pool, unjoined_ms, COL_STATE),
	BOOL(db_pool, has_quota, COL_STATE),
	INTEGER(db_pool, quota_most, COL_STATE),
	INTEGER(db_pool, cloud_billing_ms, COL_STATE),
	INTEGER(db_pool, cloud_billing_min_ms, COL_STATE),
	TEXT(db_pool, cloud_interruption, COL_STATE),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "pool", sizeof(struct db_pool), columns };
DB_MODEL_DONE(db_pool, table);

int db_pool_get(struct db *db, const char *name, struct db_pool *ret, struct err *err)
{
	return db_get_text(db, &table, "name", name, ret, err);
}

int db_pool_list(struct db *db, struct db_pool_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "name", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_pool_put(struct db *db, const struct db_pool *p, struct err *err)
{
	return db_put_one(db, &table, p, err);
}

int db_pool_want(struct db *db, const char *name, int64_t want, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("pool '%s'", name);

	return db_change(db, what, err, "UPDATE pool SET want = ?2 WHERE name = ?1", "ti",
			 name, want);
}

int db_pool_note(struct db *db, const char *name, const char *state,
		 int64_t backoff_until_ms, const char *last_error, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("pool '%s'", name);

	return db_change(db, what, err,
			 "UPDATE pool SET state = ?2, backoff_until_ms = ?3,"
			 " last_error = ?4 WHERE name = ?1",
			 "ttit", name, state, backoff_until_ms, last_error);
}

int db_pool_stated(struct db *db, const struct db_pool *p, struct err *err)
{
	return db_change(db, NULL, err,
			 "UPDATE pool SET cloud_billing_ms = ?2,"
			 " cloud_billing_min_ms = ?3, cloud_interruption = ?4"
			 " WHERE name = ?1",
			 "tiit", p->name, p->cloud_billing_ms, p->cloud_billing_min_ms,
			 p->cloud_interruption);
}

int db_pool_unjoined(struct db *db, const char *name, int64_t batches, int64_t now_ms,
		     struct err *err)
{
	return db_change(db, NULL, err,
			 "UPDATE pool SET unjoined = ?2, unjoined_ms = ?3"
			 " WHERE name = ?1",
			 "tii", name, batches, now_ms);
}

int db_pool_quota(struct db *db, const char *name, int64_t most, struct err *err)
{
	return db_change(db, NULL, err,
			 "UPDATE pool SET has_quota = ?2 >= 0, quota_most = ?2"
			 " WHERE name = ?1",
			 "ti", name, most);
}

int db_pool_delete(struct db *db, const char *name, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("pool '%s'", name);

	return db_change(db, what, err, "DELETE FROM pool WHERE name = ?1", "t", name);
}
