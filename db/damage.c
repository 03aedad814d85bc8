/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "damage.h"

#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Larger files have only their control tables checked when they are opened. */
#define FULL_CHECK_MAX_BYTES (32 << 20)

static const char *const control_tables[] = {
	"meta", "stack",  "tier", "pool",  "host",
	"unit", "launch", "hold", "token", "series",
};

/* One PRAGMA quick_check; its finding becomes the error. */
static int quick_check(struct db_conn *c, const char *sql, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, sql, &q, err);

	if (rc == 0)
		rc = db_step(c, q, err);
	if (rc == 1 && strcmp(db_column_str(q, 0), "ok") != 0)
		return err_set(err, ERR_STORE,
			       "the database %s is damaged (%s); it was left as it is. "
			       "Restore a backup, or move it away to start afresh",
			       c->db->path, db_column_str(q, 0));
	return rc < 0 ? rc : 0;
}

bool db_check_is_full(const struct db_conn *c)
{
	struct stat st;

	return stat(c->db->path, &st) == 0 && st.st_size <= FULL_CHECK_MAX_BYTES;
}

int db_check_damage(struct db_conn *c, struct err *err)
{
	int64_t version = 0;
	char sql[64];
	int rc = db_conn_int(c, "PRAGMA user_version", &version, err);

	if (rc < 0)
		return rc;
	if (version == 0)
		return 0;
	if (db_check_is_full(c))
		return quick_check(c, "PRAGMA quick_check(1)", err);
	for (size_t i = 0; i < ARRAY_SIZE(control_tables); i++) {
		snprintf(sql, sizeof(sql), "PRAGMA quick_check(%s)", control_tables[i]);
		rc = quick_check(c, sql, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
