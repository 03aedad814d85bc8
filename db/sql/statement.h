/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * statement.h - statements, cached per connection.
 */
#ifndef DB_SQL_STATEMENT_H
#define DB_SQL_STATEMENT_H

#include "connection.h"

#include <stdarg.h>

/* A cached statement, reset and with nothing bound. */
int db_prepare(struct db_conn *c, const char *sql, sqlite3_stmt **ret,
	       struct err *err) MUST_CHECK;
/* Releases it: resets it for its next use. */
void db_stmt_done(sqlite3_stmt *q);
DEFINE_CLEANUP(sqlite3_stmt *, db_stmt_done);

/*
 * Binds arguments 1, 2, ...: t const char * (NULL as ""), i int64_t, d double,
 * b const void * and size_t. Texts and blobs must remain valid until db_stmt_done().
 */
void db_bind(sqlite3_stmt *q, const char *types, ...);
void db_bind_list(sqlite3_stmt *q, const char *types, va_list ap);
void db_bind_at(sqlite3_stmt *q, int i, const char *text);
int db_step(struct db_conn *c, sqlite3_stmt *q, struct err *err) MUST_CHECK;
/* One step that returns no row; *ret_changed (may be NULL) is the number of
 * rows changed. */
int db_exec(struct db_conn *c, sqlite3_stmt *q, int64_t *ret_changed,
	    struct err *err) MUST_CHECK;
/* db_prepare(), db_bind() and db_exec() in one. */
int db_run(struct db_conn *c, struct err *err, const char *sql, const char *types,
	   ...) MUST_CHECK;

/* Text column, never NULL; valid until the next step. */
const char *db_column_str(sqlite3_stmt *q, int i);

/* The first column of the first row, 0 when there is none. */
int db_conn_int(struct db_conn *c, const char *sql, int64_t *ret,
		struct err *err) MUST_CHECK;

#endif
