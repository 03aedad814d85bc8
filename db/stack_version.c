/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The latest versions of each stack. */
#include "db.h"
#include "sql.h"

#include "check.h"

#include <inttypes.h>

static const struct db_col columns[] = {
	TEXT(db_stack_version, stack, COL_KEY),
	INTEGER(db_stack_version, version, COL_KEY),
	TEXT(db_stack_version, text_json, 0),
	INTEGER(db_stack_version, applied_ms, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "stack_version", sizeof(struct db_stack_version),
				       columns };
DB_MODEL_DONE(db_stack_version, table);

int db_stack_version_list(struct db *db, const char *stack,
			  struct db_stack_version_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_text(&w, "stack = ?%d", stack);
	db_where_order(&w, "version DESC", 0);
	return db_list(db, &table, &w, ret, err);
}

int db_stack_version_keep(struct db *db, const struct db_stack *s, struct err *err)
{
	const struct db_stack_version v = { .stack = s->name,
					    .version = s->version,
					    .text_json = s->text_json,
					    .applied_ms = s->applied_ms };
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_put(c, &table, &v, err);
	if (rc == 0)
		rc = db_run(
			c, err,
			"DELETE FROM stack_version WHERE stack = ?1 AND version NOT IN"
			" (SELECT version FROM stack_version WHERE stack = ?1"
			" ORDER BY version DESC LIMIT ?2)",
			"ti", s->name, (int64_t)DB_STACK_VERSIONS);
	return db_write_end(db, rc, err);
}
