/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_plans.h - how SQLite carries out the statements that a test has prepared: none may
 * look at a whole table, but those that are listed here with a reason.
 *
 * The fixture of a database asserts it at its end, so every statement of every test that
 * has a database is looked at. SQLite's plan of an empty table is that of a full one.
 */
#ifndef TESTS_DB_PLANS_H
#define TESTS_DB_PLANS_H

#include "check.h"
#include "sql.h"
#include "test.h"

#include <string.h>

#undef TEXT /* a kind of column; tests call their own texts so */

/* A whole table may be looked at: what the plan says, in a statement that has a text. */
static const struct {
	const char *scan, *in;
	const char *why;
} db_scans[] = {
	/* Each round is about all that is there now. */
	{ "SCAN stack", "ORDER BY name", "all stacks are wanted" },
	{ "SCAN tier", "ORDER BY stack, name", "all tiers are wanted" },
	{ "SCAN pool", "ORDER BY name", "all pools are wanted" },
	{ "SCAN pool_type", "ORDER BY pool, type", "the prices of all pools are wanted" },
	{ "SCAN unit", "ORDER BY name", "all units are wanted, or a page of them" },
	{ "SCAN roll_out", "ORDER BY", "one row a tier, all are wanted" },
	{ "SCAN ledger_tier", "", "one row a tier, all are wanted" },
	{ "SCAN host USING INDEX host_present", "", "the hosts that are there" },
	{ "SCAN host USING COVERING INDEX host_present", "", "the hosts that are there" },
	{ "SCAN host USING COVERING INDEX host_of_pool", "", "the hosts that are there" },
	{ "SCAN host USING INDEX host_uncounted", "", "those that are not counted yet" },
	/* The start reads what is kept in memory from then on. */
	{ "SCAN series", "ORDER BY id", "at the start" },
	{ "SCAN sample_log", "ORDER BY id", "at the start" },
	{ "SCAN kv_change", "ORDER BY rev, sub", "at the start" },
	{ "SCAN kv_lease", "ORDER BY id", "at the start" },
	{ "SCAN host", "SET counted_ms = max(",
	  "once, by the first version that counts" },
	{ "SCAN host", "SET adopted_ms =", "after a backup was put back" },
	{ "SCAN host_ended USING COVERING INDEX", "ORDER BY host LIMIT",
	  "some at a time; each goes once it is settled" },
	/* People ask, page by page, in order of the key. */
	{ "SCAN host", "ORDER BY id", "a person's: hosts that are gone as well" },
	{ "SCAN event", "ORDER BY id", "a person's: in order of id" },
	{ "SCAN decision", "ORDER BY id", "a person's: in order of id" },
	{ "SCAN lead", "ORDER BY id", "a person's: in order of id" },
	{ "SCAN hold", "FROM hold ORDER BY id DESC",
	  "a person's: also those that are over" },
	{ "SCAN ledger", "SELECT", "a person's: of days and months" },
	{ "SCAN token", "ORDER BY id", "a person's: a few tokens" },
	{ "SCAN drill", "ORDER BY id", "a person's: the last few drills" },
	/* Not tables. */
	{ "SCAN CONSTANT ROW", "", "of values" },
	{ "SCAN n", "WITH RECURSIVE n(i)", "a test's own, that has no end" },
	{ "SCAN newest", "", "a row a day that is kept, found by index" },
	{ "SCAN (subquery", "", "of rows that were found" },
};

/* Neither deletes nor, but for those that say so, changes. */
static inline bool db_scan_is_allowed(const char *scan, const char *sql)
{
	for (size_t i = 0; i < ARRAY_SIZE(db_scans); i++)
		if (strncmp(scan, db_scans[i].scan, strlen(db_scans[i].scan)) == 0 &&
		    strstr(sql, db_scans[i].in) &&
		    (strncmp(sql, "DELETE", strlen("DELETE")) != 0 || !*db_scans[i].in))
			return true;
	return false;
}

static inline void db_assert_plan(sqlite3 *db, const char *sql)
{
	CLEANUP(free) char *text = xasprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *q = NULL;

	/* A PRAGMA or a BEGIN has no plan. */
	if (sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(q, 3);

		if (strncmp(step, "SCAN ", strlen("SCAN ")) == 0 &&
		    !db_scan_is_allowed(step, sql))
			fail_msg("a whole table is looked at (%s): %s", step, sql);
	}
	sqlite3_finalize(q);
}

/* Of a connection, all that it keeps prepared. */
static inline void db_assert_plans_of(const struct db_conn *c)
{
	for (size_t i = 0; i < DB_STMT_SLOTS; i++)
		for (const struct db_cached *e = c->cache[i]; e; e = e->next)
			db_assert_plan(c->sql, sqlite3_sql(e->stmt));
}

static inline __attribute__((unused)) void db_assert_plans(const struct db *db)
{
	db_assert_plans_of(db->writer);
	for (const struct db_conn *c = db->readers; c; c = c->next)
		db_assert_plans_of(c);
}

#endif
