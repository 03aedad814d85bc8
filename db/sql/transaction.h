/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transaction.h - write transactions.
 */
#ifndef DB_SQL_TRANSACTION_H
#define DB_SQL_TRANSACTION_H

#include "connection.h"

/*
 * Waits for the writer and begins a transaction; within one of this thread it nests as a
 * savepoint. synced: the commit waits for the disk. On success db_write_end() must
 * follow.
 */
int db_write_begin(struct db *db, bool synced, struct db_conn **ret,
		   struct err *err) MUST_CHECK;
/* Commits when rc is 0, else rolls back; returns rc, or why the commit failed. */
int db_write_end(struct db *db, int rc, struct err *err) MUST_CHECK;

/*
 * The same in parts, for what must happen in memory between the commit and the next
 * writer: lock, open, finish (commits or rolls back), unlock.
 */
void db_write_lock(struct db *db);
int db_write_open(struct db *db, bool synced, struct db_conn **ret,
		  struct err *err) MUST_CHECK;
int db_write_finish(struct db *db, int rc, struct err *err) MUST_CHECK;
void db_write_unlock(struct db *db);

/* Whether this thread is in a transaction of db. */
bool db_is_writing(const struct db *db);

#endif
