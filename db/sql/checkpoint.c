/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checkpoint.h"

#include "check.h"
#include "clock.h"
#include "statement.h"

#define WAL_PAGES_MAX 2000  /* of log, 8 MB: then a commit writes it back */
#define WAL_PAGES_SHORT 250 /* of log, 1 MB: a longer one is cut when it is written */
#define FOLD_EVERY_MS 1000  /* a log that is shorter waits so long */
#define CUT_WAIT_MS 50      /* for readers that still need the log */

/* After each commit. */
static int committed(void *arg, sqlite3 *sql, const char *schema, int pages)
{
	struct db *db = arg;

	CHECK_MAGIC(db, DB_MAGIC);
	atomic_store(&db->wal_pages, pages);
	if (pages >= WAL_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(sql, schema, SQLITE_CHECKPOINT_PASSIVE, NULL,
					  NULL);
	return SQLITE_OK;
}

void db_checkpoint_watch(struct db *db)
{
	sqlite3_wal_hook(db->writer->sql, committed, db);
}

static int open_checkpointer(struct db *db, struct err *err)
{
	int rc;

	if (db->checkpointer)
		return 0;
	rc = db_conn_open(db, db->path, SQLITE_OPEN_READWRITE, &db->checkpointer, err);
	if (rc == 0)
		sqlite3_busy_timeout(db->checkpointer->sql, CUT_WAIT_MS);
	return rc;
}

/* Busy: a reader needs the log, or a commit was first. Retried next time. */
static int fold(struct db_conn *c, int how, int *ret_log, int *ret_folded,
		struct err *err)
{
	int rc = sqlite3_wal_checkpoint_v2(c->sql, NULL, how, ret_log, ret_folded);

	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : db_fail(c, err);
}

int db_checkpoint(struct db *db, struct err *err)
{
	int pages = atomic_load(&db->wal_pages), log = 0, folded = 0;
	int64_t now = clock_mono_ms(), version;
	int rc;

	if (pages == 0 ||
	    (pages < WAL_PAGES_SHORT && now < db->folded_mono_ms + FOLD_EVERY_MS))
		return 0;
	rc = open_checkpointer(db, err);
	/* SQLite knows of a log only on a connection that has read, and else does nothing
	 * without an error. */
	if (rc == 0)
		rc = db_conn_int(db->checkpointer, "PRAGMA user_version", &version, err);
	if (rc == 0)
		rc = fold(db->checkpointer, SQLITE_CHECKPOINT_PASSIVE, &log, &folded,
			  err);
	if (rc < 0)
		return rc;
	db->folded_mono_ms = now;
	/* Only what is folded in wholly can be cut without waiting for the disk. */
	if (log >= WAL_PAGES_SHORT && folded == log)
		rc = fold(db->checkpointer, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL, err);
	if (rc == 0 && folded == log)
		atomic_compare_exchange_strong(&db->wal_pages, &pages, 0);
	return rc;
}
