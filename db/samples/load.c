/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read when the database is opened: series, their newest samples, the journal. */
#include "check.h"
#include "journal.h"
#include "registry.h"

#include <string.h>

static int load_series(struct db *db, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_metrics *m = db->metrics;
	int rc = db_prepare(db->writer,
			    "SELECT id, name, labels, kind, first_ms, last_ms, ended_ms,"
			    " (SELECT t1_ms FROM sample_chunk WHERE series = series.id"
			    "  ORDER BY t0_ms DESC LIMIT 1) FROM series ORDER BY id",
			    &q, err);

	while (rc == 0 && (rc = db_step(db->writer, q, err)) == 1) {
		struct db_entry *e = db_entry_add(
			m, sqlite3_column_int64(q, 0), db_column_str(q, 1),
			db_column_str(q, 2),
			strcmp(db_column_str(q, 3), "counter") == 0 ? DB_COUNTER
								    : DB_GAUGE);

		e->first_ms = sqlite3_column_int64(q, 4);
		e->last_ms = sqlite3_column_int64(q, 5);
		e->ended_ms = sqlite3_column_int64(q, 6);
		if (sqlite3_column_type(q, 7) != SQLITE_NULL)
			e->packed_to = sqlite3_column_int64(q, 7);
		rc = 0;
	}
	return rc;
}

int db_metrics_open(struct db *db, struct err *err)
{
	struct db_metrics *m = db->metrics = db_registry_new();
	int rc;

	db_limits_default(&m->limits);
	if ((rc = db_conn_int(db->writer,
			      "SELECT value FROM meta WHERE name = 'rolled_to_ms'",
			      &m->rolled_to, err)) < 0 ||
	    (rc = load_series(db, err)) < 0)
		return rc;
	m->rolled_saved = m->rolled_to != 0;
	return db_journal_load(db, err);
}

void db_metrics_close(struct db *db)
{
	db_registry_free(db->metrics);
	db->metrics = NULL;
}
