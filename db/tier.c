/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers: what is declared, and the latest decision. */
#include "db.h"
#include "sql.h"

#include "check.h"

static const char *const modes[] = { "observe", "out", "auto", NULL };
DB_MODEL_NAMES(db_mode, enum db_mode, modes);

static const struct db_col columns[] = {
	TEXT(db_tier, stack, COL_KEY),
	TEXT(db_tier, name, COL_KEY),
	TEXT(db_tier, unit, 0),
	TEXT(db_tier, pool, 0),
	ENUM(db_tier, mode, 0, modes),
	INTEGER(db_tier, min, 0),
	INTEGER(db_tier, max, 0),
	REAL(db_tier, capacity, 0),
	TEXT(db_tier, capacity_unit, 0),
	TEXT(db_tier, demand, 0),
	TEXT(db_tier, utilisation, 0),
	TEXT(db_tier, latency, 0),
	INTEGER(db_tier, latency_max_ms, 0),
	REAL(db_tier, target_utilisation, 0),
	REAL(db_tier, risk_ratio, 0),
	REAL(db_tier, price_ratio, 0),
	INTEGER(db_tier, lead_prior_ms, 0),
	INTEGER(db_tier, step_out_max, 0),
	INTEGER(db_tier, step_in_max, 0),
	INTEGER(db_tier, dwell_ms, 0),
	REAL(db_tier, action_price, 0),
	TEXT(db_tier, schedule_json, 0),
	REAL(db_tier, cpu, 0),
	INTEGER(db_tier, memory_bytes, 0),
	BOOL(db_tier, stateful, 0),
	INTEGER(db_tier, priority, 0),
	INTEGER(db_tier, desired, COL_STATE),
	INTEGER(db_tier, desired_since_ms, COL_STATE),
	TEXT(db_tier, explanation_json, COL_STATE),
	INTEGER(db_tier, updated_ms, COL_STATE),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "tier", sizeof(struct db_tier), columns };
DB_MODEL_DONE(db_tier, table);

int db_tier_get(struct db *db, const char *stack, const char *name, struct db_tier *ret,
		struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;
	CLEANUP(free) char *key = xasprintf("%s/%s", stack, name);

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_text(&w, "name = ?%d", name);
	return db_get(db, &table, &w, ret, "tier", key, err);
}

int db_tier_list(struct db *db, const char *stack, struct db_tier_list *ret,
		 struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_order(&w, "stack, name", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_tier_put(struct db *db, const struct db_tier *t, struct err *err)
{
	return db_put_one(db, &table, t, err);
}

int db_tier_delete(struct db *db, const char *stack, const char *name, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("tier '%s/%s'", stack, name);

	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_change(db, what, err, "DELETE FROM tier WHERE stack = ?1 AND name = ?2",
		       "tt", stack, name);
	if (rc == 0)
		rc = db_run(c, err, "DELETE FROM roll_out WHERE stack = ?1 AND tier = ?2",
			    "tt", stack, name);
	return db_write_end(db, rc, err);
}

static int decide_all(struct db_conn *c, const struct db_tier *tiers, size_t n,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct db_tier *t = &tiers[i];
		int rc = db_run(c, err,
				"UPDATE tier SET desired = ?3, desired_since_ms = ?4,"
				" explanation_json = ?5, updated_ms = ?6"
				" WHERE stack = ?1 AND name = ?2",
				"ttiiti", t->stack, t->name, t->desired,
				t->desired_since_ms, t->explanation_json, t->updated_ms);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int db_tiers_decide(struct db *db, const struct db_tier *tiers, size_t n, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, decide_all(c, tiers, n, err), err);
}
