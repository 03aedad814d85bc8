/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is entered in the ledger, and how far. */
#include "db.h"
#include "sql.h"

static const struct db_col columns[] = {
	TEXT(db_ledger_tier, stack, COL_KEY),   TEXT(db_ledger_tier, tier, COL_KEY),
	INTEGER(db_ledger_tier, through_ms, 0), TEXT(db_ledger_tier, fleet, 0),
	TEXT(db_ledger_tier, recent, 0),        { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "ledger_tier", sizeof(struct db_ledger_tier),
				       columns };
DB_MODEL_DONE(db_ledger_tier, table);

int db_ledger_tier_list(struct db *db, struct db_ledger_tier_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "stack, tier", 0);
	return db_list(db, &table, &w, ret, err);
}

/* ---------------------------------------------------------------- the beginning */

/* The last decision whose action was entered. */
#define MARK "name = 'ledger_decision'"

static const char first_mark[] =
	"INSERT INTO meta (name, value)"
	" SELECT 'ledger_decision', coalesce(max(id), 0) FROM decision";

/* ?1: the beginning. The billing unit that is under way then was paid for before. */
static const char first_hosts[] =
	"UPDATE host SET counted_ms = max(?1, requested_ms),"
	" is_counted = state IN ('gone', 'failed'),"
	" paid_ms = coalesce((SELECT requested_ms + (max(?1 - requested_ms, 0)"
	"   + billing_ms - 1) / billing_ms * billing_ms FROM pool"
	"  WHERE pool.name = host.pool AND billing_ms > 0), max(?1, requested_ms))";

static int begin(struct db_conn *c, int64_t now_ms, struct err *err)
{
	int64_t n = 0;
	int rc = db_conn_int(c, "SELECT count(*) FROM meta WHERE " MARK, &n, err);

	if (rc < 0 || n > 0)
		return rc;
	rc = db_run(c, err, first_mark, "");
	return rc < 0 ? rc : db_run(c, err, first_hosts, "i", now_ms);
}

int db_ledger_begin(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, begin(c, now_ms, err), err);
}

/* ---------------------------------------------------------------- entering */

#define MONTH_OF(ms) "strftime('%Y-%m', " ms " / 1000, 'unixepoch')"
#define ONTO " ON CONFLICT (month, day_ms, stack, tier) DO UPDATE SET"

static const char add_row[] =
	"INSERT INTO ledger (month, day_ms, stack, tier, through_ms, known, unknown,"
	" was_short, slow, at_risk, promised, priced, instance_ms, loaded_ms, host_ms, "
	"paid_ms,"
	" launches, failed, reactive_ms, reactive_short, peak)"
	" VALUES (" MONTH_OF(
		"?1") ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		      " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)" ONTO
		      " through_ms = max(through_ms, excluded.through_ms),"
		      " known = known + excluded.known,"
		      " unknown = unknown + excluded.unknown,"
		      " was_short = was_short + excluded.was_short,"
		      " slow = slow + excluded.slow,"
		      " at_risk = at_risk + excluded.at_risk,"
		      " promised = promised + excluded.promised,"
		      " priced = priced + excluded.priced,"
		      " instance_ms = instance_ms + excluded.instance_ms,"
		      " loaded_ms = loaded_ms + excluded.loaded_ms,"
		      " host_ms = host_ms + excluded.host_ms,"
		      " paid_ms = paid_ms + excluded.paid_ms,"
		      " launches = launches + excluded.launches,"
		      " failed = failed + excluded.failed,"
		      " reactive_ms = reactive_ms + excluded.reactive_ms,"
		      " reactive_short = reactive_short + excluded.reactive_short,"
		      " peak = max(peak, excluded.peak)";

static const char add_cost[] =
	"INSERT INTO cost (day_ms, stack, tier, currency, through_ms, paid_ms, amount,"
	" hour) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	" ON CONFLICT (day_ms, stack, tier, currency) DO UPDATE SET"
	" hour = iif(excluded.through_ms > through_ms, 0, hour) + excluded.hour,"
	" through_ms = max(through_ms, excluded.through_ms),"
	" paid_ms = paid_ms + excluded.paid_ms,"
	" amount = amount + excluded.amount";

/* ?1: the length of a day. */
static const char add_actions[] =
	"INSERT INTO ledger (month, day_ms, stack, tier, actions)"
	" SELECT " MONTH_OF(
		"at_ms") ", at_ms - at_ms % ?1, stack, tier, count(*)"
			 " FROM decision WHERE \"from\" <> \"to\" AND id >"
			 "  (SELECT CAST(value AS INTEGER) FROM meta WHERE " MARK ")"
			 " GROUP BY 1, 2, 3, 4" ONTO
			 " actions = actions + excluded.actions";

static const char move_mark[] =
	"UPDATE meta SET value = coalesce((SELECT max(id) FROM decision), value)"
	" WHERE " MARK;

/* A host that was found again meanwhile is not over. */
static const char count_host[] =
	"UPDATE host SET counted_ms = ?2, paid_ms = ?3, is_counted = ?4 WHERE id = ?1"
	" AND (?4 = 0 OR state IN ('gone', 'failed'))";

static const char sweep[] =
	"DELETE FROM ledger_tier WHERE NOT EXISTS (SELECT 1 FROM tier"
	" WHERE tier.stack = ledger_tier.stack AND tier.name = ledger_tier.tier)";

/* All but the newest 400 days that have rows, found one from the other. */
#define PRUNE(table)                                                              \
	"DELETE FROM " table " WHERE day_ms < (WITH RECURSIVE newest (day, n) AS" \
	" (SELECT max(day_ms), 1 FROM " table " UNION ALL SELECT"                 \
	"  (SELECT max(day_ms) FROM " table " WHERE day_ms < newest.day), n + 1"  \
	"  FROM newest WHERE n < 400 AND day IS NOT NULL)"                        \
	" SELECT min(day) FROM newest)"

static int enter_costs(struct db_conn *c, const struct db_ledger_entry *e,
		       struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->n_costs; i++) {
		const struct db_cost *p = &e->costs[i];

		rc = db_run(c, err, add_cost, "itttiidd", p->day_ms, p->stack, p->tier,
			    p->currency, p->through_ms, p->paid_ms, p->amount, p->hour);
	}
	return rc;
}

static int enter_rows(struct db_conn *c, const struct db_ledger_entry *e, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->n_rows; i++) {
		const struct db_ledger *l = &e->rows[i];

		rc = db_run(c, err, add_row, "ittiiiiiiddiiiiiiiii", l->day_ms, l->stack,
			    l->tier, l->through_ms, l->known, l->unknown, l->was_short,
			    l->slow, l->at_risk, l->promised, l->priced, l->instance_ms,
			    l->loaded_ms, l->host_ms, l->paid_ms, l->launches, l->failed,
			    l->reactive_ms, l->reactive_short, l->peak);
	}
	return rc;
}

static int enter_marks(struct db_conn *c, const struct db_ledger_entry *e,
		       struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->n_tiers; i++)
		rc = db_put(c, &table, &e->tiers[i], err);
	for (size_t i = 0; rc == 0 && i < e->n_hosts; i++)
		rc = db_run(c, err, count_host, "tiii", e->hosts[i].id,
			    e->hosts[i].counted_ms, e->hosts[i].paid_ms,
			    (int64_t)e->hosts[i].is_counted);
	return rc;
}

static int enter(struct db_conn *c, const struct db_ledger_entry *e, struct err *err)
{
	int rc;

	if ((rc = enter_rows(c, e, err)) < 0 || (rc = enter_costs(c, e, err)) < 0 ||
	    (rc = enter_marks(c, e, err)) < 0 ||
	    (rc = db_run(c, err, add_actions, "i", e->day_length_ms)) < 0 ||
	    (rc = db_run(c, err, move_mark, "")) < 0 ||
	    (rc = db_run(c, err, sweep, "")) < 0)
		return rc;
	if (!e->is_new_day || (rc = db_run(c, err, PRUNE("ledger"), "")) < 0)
		return rc;
	return db_run(c, err, PRUNE("cost"), "");
}

int db_ledger_enter(struct db *db, const struct db_ledger_entry *e, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, enter(c, e, err), err);
}
