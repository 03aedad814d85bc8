/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stacks and their versions. */
#include "db.h"
#include "sql.h"

#include "check.h"

#include <inttypes.h>

static const struct db_col columns[] = {
	TEXT(db_stack, name, COL_KEY),    TEXT(db_stack, timezone, 0),
	TEXT(db_stack, budget, 0),        TEXT(db_stack, domain, 0),
	TEXT(db_stack, text_json, 0),     INTEGER(db_stack, version, 0),
	INTEGER(db_stack, applied_ms, 0), { NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "stack", sizeof(struct db_stack), columns };
DB_MODEL_DONE(db_stack, table);

int db_stack_get(struct db *db, const char *name, struct db_stack *ret, struct err *err)
{
	return db_get_text(db, &table, "name", name, ret, err);
}

int db_stack_list(struct db *db, struct db_stack_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "name", 0);
	return db_list(db, &table, &w, ret, err);
}

/* Versions are never reused, even after a stack was deleted: an old ETag
 * stays old. */
static int next_version(struct db_conn *c, int64_t *ret, struct err *err)
{
	int rc = db_run(c, err,
			"INSERT INTO meta (name, value) VALUES ('stack_version', '1')"
			" ON CONFLICT (name) DO UPDATE SET value = value + 1",
			"");

	if (rc < 0)
		return rc;
	return db_conn_int(c, "SELECT value FROM meta WHERE name = 'stack_version'", ret,
			   err);
}

static int check_version(struct db *db, const char *name, int64_t expect, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack old = { 0 };
	int rc = expect < 0 ? 0 : db_stack_get(db, name, &old, err);

	if (rc == ERR_NOT_FOUND)
		rc = 0;
	if (rc < 0 || expect < 0 || old.version == expect)
		return rc;
	if (expect == 0)
		return err_set(err, ERR_CONFLICT, "stack '%s' already exists", name);
	return err_set(err, ERR_CONFLICT,
		       "stack '%s' was changed in the meantime: it is at version %" PRId64
		       ", not %" PRId64,
		       name, old.version, expect);
}

int db_stack_put(struct db *db, const struct db_stack *s, int64_t expect_version,
		 int64_t *ret_version, struct err *err)
{
	struct db_stack row = *s;
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = check_version(db, s->name, expect_version, err);
	if (rc == 0)
		rc = next_version(c, &row.version, err);
	if (rc == 0)
		rc = db_put(c, &table, &row, err);
	if (rc == 0)
		rc = db_stack_version_keep(db, &row, err);
	rc = db_write_end(db, rc, err);
	if (rc == 0 && ret_version)
		*ret_version = row.version;
	return rc;
}

static int delete_parts(struct db_conn *c, const char *name, struct err *err)
{
	static const char *const parts[] = {
		"DELETE FROM tier WHERE stack = ?1",
		"DELETE FROM hold WHERE stack = ?1",
		"DELETE FROM model_state WHERE stack = ?1",
		"DELETE FROM backtest WHERE stack = ?1",
		"DELETE FROM uplift WHERE stack = ?1",
		"DELETE FROM stack_version WHERE stack = ?1",
		"DELETE FROM roll_out WHERE stack = ?1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int rc = db_run(c, err, parts[i], "t", name);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int db_stack_delete(struct db *db, const char *name, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("stack '%s'", name);
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_change(db, what, err, "DELETE FROM stack WHERE name = ?1", "t", name);
	if (rc == 0)
		rc = delete_parts(c, name, err);
	return db_write_end(db, rc, err);
}
