/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statement.h"

#include "check.h"

#include <string.h>

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* Nothing is ever evicted: the texts are few, and a statement may still be in use. */
int db_prepare(struct db_conn *c, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	uint32_t hash = hash_text(sql);
	struct db_cached **slot = &c->cache[hash % DB_STMT_SLOTS];
	struct db_cached *e;

	CHECK_MAGIC(c, DB_CONN_MAGIC);
	for (e = *slot; e; e = e->next)
		if (e->hash == hash && !sqlite3_stmt_busy(e->stmt) &&
		    strcmp(sqlite3_sql(e->stmt), sql) == 0) {
			*ret = e->stmt;
			return 0;
		}
	e = xcalloc(1, sizeof(*e));
	if (sqlite3_prepare_v3(c->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &e->stmt,
			       NULL) != SQLITE_OK) {
		free(e);
		return db_fail(c, err);
	}
	e->hash = hash;
	e->next = *slot;
	*slot = e;
	*ret = e->stmt;
	return 0;
}

void db_stmt_done(sqlite3_stmt *q)
{
	if (!q)
		return;
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
}

void db_bind_at(sqlite3_stmt *q, int i, const char *text)
{
	CHECK(sqlite3_bind_text(q, i, text ? text : "", -1, SQLITE_STATIC) == SQLITE_OK);
}

void db_bind_list(sqlite3_stmt *q, const char *types, va_list ap)
{
	for (int i = 1; *types; types++, i++) {
		int rc = SQLITE_MISUSE;

		if (*types == 't') {
			db_bind_at(q, i, va_arg(ap, const char *));
			rc = SQLITE_OK;
		} else if (*types == 'i') {
			rc = sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
		} else if (*types == 'd') {
			rc = sqlite3_bind_double(q, i, va_arg(ap, double));
		} else if (*types == 'b') {
			const void *data = va_arg(ap, const void *);
			size_t len = va_arg(ap, size_t);

			rc = sqlite3_bind_blob64(q, i, data ? data : "", len,
						 SQLITE_STATIC);
		}
		CHECK(rc == SQLITE_OK);
	}
}

void db_bind(sqlite3_stmt *q, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	db_bind_list(q, types, ap);
	va_end(ap);
}

int db_step(struct db_conn *c, sqlite3_stmt *q, struct err *err)
{
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_fail(c, err);
	}
}

int db_exec(struct db_conn *c, sqlite3_stmt *q, int64_t *ret_changed, struct err *err)
{
	int rc = db_step(c, q, err);

	if (rc < 0)
		return rc;
	if (ret_changed)
		*ret_changed = sqlite3_changes64(c->sql);
	return 0;
}

int db_run(struct db_conn *c, struct err *err, const char *sql, const char *types, ...)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, sql, &q, err);
	va_list ap;

	if (rc < 0)
		return rc;
	va_start(ap, types);
	db_bind_list(q, types, ap);
	va_end(ap);
	return db_exec(c, q, NULL, err);
}

const char *db_column_str(sqlite3_stmt *q, int i)
{
	const unsigned char *s = sqlite3_column_text(q, i);

	return s ? (const char *)s : "";
}

int db_conn_int(struct db_conn *c, const char *sql, int64_t *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, sql, &q, err);

	if (rc == 0)
		rc = db_step(c, q, err);
	if (rc < 0)
		return rc;
	*ret = rc == 1 ? sqlite3_column_int64(q, 0) : 0;
	return 0;
}
