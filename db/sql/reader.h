/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.h - the connections that threads read through.
 */
#ifndef DB_SQL_READER_H
#define DB_SQL_READER_H

#include "connection.h"

/* This thread's reader; inside a transaction of this thread, the writer. */
int db_read(struct db *db, struct db_conn **ret, struct err *err) MUST_CHECK;

/* What this thread reads from here on is of one moment. *ret_began: db_read_end() must
 * follow; false: it is in a transaction already. */
int db_read_begin(struct db *db, bool *ret_began, struct err *err) MUST_CHECK;
void db_read_end(struct db *db);

/* For db_open() and db_close(). A thread that ends closes its own. */
void db_readers_init(struct db *db);
/* Opens some in advance: when the file is deleted or replaced, threads that have none yet
 * take these. */
int db_readers_open_spares(struct db *db, struct err *err) MUST_CHECK;
void db_readers_done(struct db *db);

#endif
