/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger: what each tier had and cost, by the day. */
#include "db.h"
#include "sql.h"

#include "check.h"

#define DAYS_KEPT "400"
#define MONTH_OF(ms) "strftime('%Y-%m', " ms " / 1000, 'unixepoch')"
#define META_DECISION "ledger_decision" /* the last decision that was entered */

static const struct db_col columns[] = {
	TEXT(db_ledger, id, COL_KEY),       TEXT(db_ledger, period, 0),
	TEXT(db_ledger, stack, 0),          TEXT(db_ledger, tier, 0),
	INTEGER(db_ledger, through_ms, 0),  INTEGER(db_ledger, known, 0),
	INTEGER(db_ledger, unknown, 0),     INTEGER(db_ledger, was_short, 0),
	INTEGER(db_ledger, at_risk, 0),     REAL(db_ledger, promised, 0),
	REAL(db_ledger, priced, 0),         INTEGER(db_ledger, instance_ms, 0),
	INTEGER(db_ledger, loaded_ms, 0),   INTEGER(db_ledger, host_ms, 0),
	INTEGER(db_ledger, paid_ms, 0),     INTEGER(db_ledger, actions, 0),
	INTEGER(db_ledger, launches, 0),    INTEGER(db_ledger, failed, 0),
	INTEGER(db_ledger, reactive_ms, 0), INTEGER(db_ledger, reactive_short, 0),
	INTEGER(db_ledger, peak, 0),        { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table by_month = { "ledger_month", sizeof(struct db_ledger),
					  columns };
static const struct db_table by_day = { "ledger_day", sizeof(struct db_ledger), columns };
DB_MODEL_DONE(db_ledger, by_month);

int db_ledger_list(struct db *db, const struct db_ledger_filter *f,
		   struct db_ledger_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", f->stack);
	db_where_text(&w, "tier = ?%d", f->tier);
	db_where_text(&w, "month = ?%d", f->month);
	db_where_text(&w, "id > ?%d", f->after);
	db_where_order(&w, "id", f->limit);
	return db_list(db, f->by_day ? &by_day : &by_month, &w, ret, err);
}

/* ---------------------------------------------------------------- entering */

/* What a database of before has is not entered: nobody saw what it served. */
static int begin(struct db_conn *c, int64_t now_ms, struct err *err)
{
	int64_t n = 0;
	int rc = db_conn_int(
		c, "SELECT count(*) FROM meta WHERE name = '" META_DECISION "'", &n, err);

	if (rc < 0 || n > 0)
		return rc;
	rc = db_run(c, err,
		    "INSERT INTO meta (name, value) SELECT '" META_DECISION "',"
		    " coalesce(max(id), 0) FROM decision",
		    "");
	if (rc < 0)
		return rc;
	return db_run(
		c, err,
		"UPDATE host SET counted_ms = max(?1, "
		"requested_ms),"
		" is_counted = state IN ('gone', 'failed'),"
		" paid_ms = coalesce((SELECT requested_ms + (max(?1 - requested_ms, 0)"
		"   + billing_ms - 1) / billing_ms * billing_ms FROM pool"
		"  WHERE pool.name = host.pool AND billing_ms > 0),"
		"  max(?1, requested_ms))",
		"i", now_ms);
}

int db_ledger_begin(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, begin(c, now_ms, err), err);
}

int db_ledger_add(struct db *db, int64_t day_ms, const struct db_ledger *l,
		  struct err *err)
{
	return db_change(
		db, NULL, err,
		"INSERT INTO ledger (month, day_ms, stack, tier, through_ms, known, "
		"unknown,"
		" was_short, at_risk, promised, priced, instance_ms, loaded_ms, host_ms,"
		" paid_ms, actions, launches, failed, reactive_ms, reactive_short, peak)"
		" VALUES (" MONTH_OF(
			"?1") ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
			      "?14,"
			      " ?15, ?16, ?17, ?18, ?19, ?20)"
			      " ON CONFLICT (month, day_ms, stack, tier) DO UPDATE SET"
			      " through_ms = max(through_ms, excluded.through_ms),"
			      " known = known + excluded.known,"
			      " unknown = unknown + excluded.unknown,"
			      " was_short = was_short + excluded.was_short,"
			      " at_risk = at_risk + excluded.at_risk,"
			      " promised = promised + excluded.promised,"
			      " priced = priced + excluded.priced,"
			      " instance_ms = instance_ms + excluded.instance_ms,"
			      " loaded_ms = loaded_ms + excluded.loaded_ms,"
			      " host_ms = host_ms + excluded.host_ms,"
			      " paid_ms = paid_ms + excluded.paid_ms,"
			      " actions = actions + excluded.actions,"
			      " launches = launches + excluded.launches,"
			      " failed = failed + excluded.failed,"
			      " reactive_ms = reactive_ms + excluded.reactive_ms,"
			      " reactive_short = reactive_short + "
			      "excluded.reactive_short,"
			      " peak = max(peak, excluded.peak)",
		"ittiiiiiddiiiiiiiiii", day_ms, l->stack, l->tier, l->through_ms,
		l->known, l->unknown, l->was_short, l->at_risk, l->promised, l->priced,
		l->instance_ms, l->loaded_ms, l->host_ms, l->paid_ms, l->actions,
		l->launches, l->failed, l->reactive_ms, l->reactive_short, l->peak);
}

static int add_actions(struct db_conn *c, int64_t day_length_ms, struct err *err)
{
	int rc = db_run(
		c, err,
		"INSERT INTO ledger (month, day_ms, stack, tier, actions)"
		" SELECT " MONTH_OF(
			"at_ms") ", at_ms - at_ms % ?1, stack, tier,"
				 "  count(*)"
				 " FROM decision WHERE id > (SELECT CAST(value AS "
				 "INTEGER)"
				 "  FROM meta WHERE name = '" META_DECISION "')"
				 " AND \"from\" <> \"to\" GROUP BY 1, 2, 3, 4"
				 " ON CONFLICT (month, day_ms, stack, tier) DO UPDATE SET"
				 " actions = actions + excluded.actions",
		"i", day_length_ms);

	if (rc < 0)
		return rc;
	return db_run(c, err,
		      "UPDATE meta SET value = coalesce((SELECT max(id) FROM decision),"
		      " value) WHERE name = '" META_DECISION "'",
		      "");
}

int db_ledger_add_actions(struct db *db, int64_t day_length_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, add_actions(c, day_length_ms, err), err);
}

int db_ledger_prune(struct db *db, struct err *err)
{
	return db_change(db, NULL, err,
			 "DELETE FROM ledger WHERE day_ms < (SELECT min(day_ms) FROM"
			 " (SELECT DISTINCT day_ms FROM ledger ORDER BY day_ms DESC"
			 "  LIMIT " DAYS_KEPT "))",
			 "");
}

/* ---------------------------------------------------------------- the tiers' marks */

static const struct db_col mark_columns[] = {
	TEXT(db_ledger_tier, stack, COL_KEY),   TEXT(db_ledger_tier, tier, COL_KEY),
	INTEGER(db_ledger_tier, through_ms, 0), TEXT(db_ledger_tier, fleet, 0),
	TEXT(db_ledger_tier, recent, 0),        { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table marks = { "ledger_tier", sizeof(struct db_ledger_tier),
				       mark_columns };
DB_MODEL_DONE(db_ledger_tier, marks);

int db_ledger_tier_list(struct db *db, struct db_ledger_tier_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "stack, tier", 0);
	return db_list(db, &marks, &w, ret, err);
}

int db_ledger_tier_put(struct db *db, const struct db_ledger_tier *t, struct err *err)
{
	return db_put_one(db, &marks, t, err);
}

int db_ledger_tier_sweep(struct db *db, struct err *err)
{
	return db_change(db, NULL, err,
			 "DELETE FROM ledger_tier WHERE NOT EXISTS (SELECT 1 FROM tier"
			 " WHERE tier.stack = ledger_tier.stack"
			 " AND tier.name = ledger_tier.tier)",
			 "");
}
