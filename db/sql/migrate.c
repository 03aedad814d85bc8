/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema's version is SQLite's user_version: the number of the last migration that
 * was applied, changed in the same transaction as the schema.
 */
#include "migrate.h"

#include "embedded.h"
#include "statement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x466f7265 /* "Fore" */

static int64_t number_of(const struct embedded *m)
{
	return strtoll(m->path, NULL, 10);
}

static int64_t newest(void)
{
	int64_t max = 0;

	for (const struct embedded *m = db_migrations; m->path; m++)
		if (number_of(m) > max)
			max = number_of(m);
	return max;
}

/* The migration with the lowest number above version, or NULL. */
static const struct embedded *next_after(int64_t version)
{
	const struct embedded *best = NULL;

	for (const struct embedded *m = db_migrations; m->path; m++)
		if (number_of(m) > version && (!best || number_of(m) < number_of(best)))
			best = m;
	return best;
}

static int apply(struct db_conn *c, const struct embedded *m, struct err *err)
{
	char pragma[96];
	int rc;

	snprintf(pragma, sizeof(pragma),
		 "PRAGMA user_version=%" PRId64 "; PRAGMA application_id=%d; COMMIT",
		 number_of(m), APPLICATION_ID);
	rc = db_conn_exec(c, "BEGIN IMMEDIATE", err);
	if (rc == 0)
		rc = db_conn_exec(c, (const char *)m->data, err);
	if (rc == 0)
		rc = db_conn_exec(c, pragma, err);
	if (rc < 0) {
		if (!sqlite3_get_autocommit(c->sql))
			sqlite3_exec(c->sql, "ROLLBACK", NULL, NULL, NULL);
		return err_wrap(err, rc, "migration %s", m->path);
	}
	return 0;
}

int db_migrate_check(struct db_conn *c, const char *path, struct err *err)
{
	int64_t app = 0, version = 0, tables = 0;
	int rc;

	if ((rc = db_conn_int(c, "PRAGMA application_id", &app, err)) < 0 ||
	    (rc = db_conn_int(c, "PRAGMA user_version", &version, err)) < 0 ||
	    (rc = db_conn_int(c, "SELECT count(*) FROM sqlite_schema", &tables, err)) < 0)
		return rc;
	if (app != APPLICATION_ID && (tables > 0 || app != 0 || version != 0))
		return err_set(err, ERR_STORE,
			       "%s is a database of another program; name another state "
			       "folder",
			       path);
	if (version > newest())
		return err_set(err, ERR_STORE,
			       "%s was written by a newer Foretide (schema %" PRId64
			       ", this one knows up to %" PRId64
			       "); it was left as it is. Install that version again, or "
			       "restore a backup",
			       path, version, newest());
	return 0;
}

int db_migrate_is_current(struct db_conn *c, const char *path, struct err *err)
{
	int64_t version = 0;
	int rc = db_conn_int(c, "PRAGMA user_version", &version, err);

	if (rc == 0 && version != newest())
		return err_set(err, ERR_CONFLICT,
			       "%s is of an older Foretide (schema %" PRId64
			       ", this one has %" PRId64
			       "): start this version's foretided once, then try again",
			       path, version, newest());
	return rc;
}

int db_migrate(struct db_conn *c, struct err *err)
{
	const struct embedded *m;
	int64_t version = 0;
	int rc = db_conn_int(c, "PRAGMA user_version", &version, err);

	while (rc == 0 && (m = next_after(version))) {
		rc = apply(c, m, err);
		version = number_of(m);
	}
	return rc;
}
