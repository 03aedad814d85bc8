/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connection.h - connections, transactions and statements, for the files of db/ only.
 *
 * Reading:
 *	struct db_conn *c;
 *	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
 *	rc = db_read(db, &c, err);
 *	rc = db_prepare(c, "SELECT value FROM kv WHERE key = ?1", &q, err);
 *	db_bind(q, "t", key);
 *	rc = db_step(c, q, err);     1: a row, 0: the end, < 0: an error
 *
 * Writing: db_write_begin(), then the same, then db_write_end() with what came out. A
 * statement of the writer must be given back before db_write_end().
 */
#ifndef DB_SQL_CONNECTION_H
#define DB_SQL_CONNECTION_H

#include "cleanup.h"
#include "err.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_CONN_MAGIC 0x6462636eu
#define DB_MAGIC 0x64622121u
#define DB_STMT_SLOTS 128u

struct db;
struct db_metrics; /* sample.c's */

struct db_cached {
	struct db_cached *next;
	uint32_t hash;
	sqlite3_stmt *stmt;
};

/* One connection: the writer, or one thread's reader. */
struct db_conn {
	uint32_t magic;
	struct db *db;
	struct db_conn *next;
	sqlite3 *sql;
	struct db_cached *cache[DB_STMT_SLOTS]; /* by text; grows with the texts used */
};

struct db {
	uint32_t magic;
	char *path;
	int lock_fd;
	pthread_mutex_t write_lock; /* held from db_write_begin() to db_write_end() */
	struct db_conn *writer;
	int depth;   /* of nested transactions, under write_lock */
	bool synced; /* the open transaction commits with a sync */
	pthread_key_t reader_key;
	pthread_mutex_t readers_lock; /* the list below; never held with another */
	struct db_conn *readers;
	struct db_metrics *metrics;
	struct db_conn *checkpointer; /* db_maintain()'s; opened at its first use */
	atomic_int wal_pages;         /* in the log after the last commit */
};

/*
 * Takes the writer (waits for the one who has it) and begins a transaction; inside one of
 * this thread it nests as a savepoint. synced: the commit waits for the disk. On success
 * db_write_end() must follow.
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

/* This thread's reader; inside a transaction of this thread, the writer. */
int db_read(struct db *db, struct db_conn **ret, struct err *err) MUST_CHECK;

/* A cached statement, reset and with nothing bound. */
int db_prepare(struct db_conn *c, const char *sql, sqlite3_stmt **ret,
	       struct err *err) MUST_CHECK;
/* Gives it back to the cache. */
void db_stmt_done(sqlite3_stmt *q);
DEFINE_CLEANUP(sqlite3_stmt *, db_stmt_done);

/*
 * Binds arguments 1, 2, ...: t const char * (NULL as ""), i int64_t, d double,
 * b const void * and size_t. Texts and blobs must live until db_stmt_done().
 */
void db_bind(sqlite3_stmt *q, const char *types, ...);
void db_bind_list(sqlite3_stmt *q, const char *types, va_list ap);
void db_bind_at(sqlite3_stmt *q, int i, const char *text);
int db_step(struct db_conn *c, sqlite3_stmt *q, struct err *err) MUST_CHECK;
/* One step that gives no row; *ret_changed (may be NULL) is the number of rows changed.
 */
int db_exec(struct db_conn *c, sqlite3_stmt *q, int64_t *ret_changed,
	    struct err *err) MUST_CHECK;
/* db_prepare(), db_bind() and db_exec() in one. */
int db_run(struct db_conn *c, struct err *err, const char *sql, const char *types,
	   ...) MUST_CHECK;

/* The words and the code for what just failed on c. */
int db_fail(struct db_conn *c, struct err *err);

/* Text column, never NULL; the statement's until the next step. */
const char *db_column_str(sqlite3_stmt *q, int i);

/* connection.c, for db.c */
int db_conn_open(struct db *db, const char *path, int flags, struct db_conn **ret,
		 struct err *err) MUST_CHECK;
void db_conn_close(struct db_conn *c);
DEFINE_CLEANUP(struct db_conn *, db_conn_close);
int db_conn_exec(struct db_conn *c, const char *sql, struct err *err) MUST_CHECK;
int db_conn_int(struct db_conn *c, const char *sql, int64_t *ret,
		struct err *err) MUST_CHECK;

/* Folds the write-ahead log into the file when it is long; readers and writers go on. */
int db_checkpoint(struct db *db, struct err *err) MUST_CHECK;

/* migrate.c: refuses a newer or a foreign file; applies what is missing. */
int db_migrate_check(struct db_conn *c, const char *path, struct err *err) MUST_CHECK;
int db_migrate(struct db_conn *c, struct err *err) MUST_CHECK;

#endif
