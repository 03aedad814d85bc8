/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sql.h - SQLite for the files of db/: connections, statements, transactions, and rows as
 * structs.
 *
 * Reading:
 *	struct db_conn *c;
 *	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
 *	rc = db_read(db, &c, err);
 *	rc = db_prepare(c, "SELECT value FROM kv WHERE key = ?1", &q, err);
 *	db_bind(q, "t", key);
 *	rc = db_step(c, q, err);     1: a row, 0: the end, < 0: an error
 *
 * Writing: db_write_begin(), then the same, then db_write_end() with the result. A
 * statement of the writer must be released before db_write_end().
 */
#ifndef DB_SQL_SQL_H
#define DB_SQL_SQL_H

#include "checkpoint.h"
#include "connection.h"
#include "migrate.h"
#include "reader.h"
#include "row.h"
#include "statement.h"
#include "transaction.h"

#endif
