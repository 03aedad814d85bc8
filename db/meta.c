/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named texts of this installation. */
#include "db.h"
#include "sql.h"

#include "check.h"

int db_meta_get(struct db *db, const char *name, char **ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = db_prepare(c, "SELECT value FROM meta WHERE name = ?1", &q, err)) < 0)
		return rc;
	db_bind(q, "t", name);
	rc = db_step(c, q, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, ERR_NOT_FOUND, "no '%s' in the database", name);
	*ret = xstrdup(db_column_str(q, 0));
	return 0;
}

int db_meta_put(struct db *db, const char *name, const char *value, struct err *err)
{
	return db_change(db, NULL, err,
			 "INSERT INTO meta (name, value) VALUES (?1, ?2)"
			 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			 "tt", name, value);
}

int db_meta_ensure(struct db *db, const char *name, const char *fresh, char **ret,
		   struct err *err)
{
	int rc = db_meta_get(db, name, ret, err);

	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = db_meta_put(db, name, fresh, err);
	if (rc == 0)
		*ret = xstrdup(fresh);
	return rc;
}
