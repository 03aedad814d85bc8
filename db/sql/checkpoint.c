/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checkpoint.h"

#include "check.h"

#define WAL_PAGES 2000     /* of log, 8 MB, before db_checkpoint() writes it back */
#define WAL_PAGES_MAX 8000 /* before a commit does */

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

int db_checkpoint(struct db *db, struct err *err)
{
	struct db_conn *c;
	int rc;

	if (atomic_load(&db->wal_pages) < WAL_PAGES)
		return 0;
	if (!db->checkpointer) {
		rc = db_conn_open(db, db->path, SQLITE_OPEN_READWRITE, &db->checkpointer,
				  err);
		if (rc < 0)
			return rc;
	}
	c = db->checkpointer;
	rc = sqlite3_wal_checkpoint_v2(c->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
				       NULL);
	/* Busy: a reader needs the log, or a commit was first. Retried next time. */
	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : db_fail(c, err);
}
