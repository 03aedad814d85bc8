/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connection.h - the database and its connections: one writer, one reader per thread.
 */
#ifndef DB_SQL_CONNECTION_H
#define DB_SQL_CONNECTION_H

#include "cleanup.h"
#include "err.h"
#include "fault.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DB_CONN_MAGIC 0x6462636eu
#define DB_MAGIC 0x64622121u
#define DB_STMT_SLOTS 128u
#define DB_FILES 3 /* the database, its log, its lock */

struct db;
struct db_metrics; /* of samples/ */

struct db_cached {
	struct db_cached *next;
	uint32_t hash;
	sqlite3_stmt *stmt;
};

/* The statement that writes rows of a table, so that its text is made once. */
struct db_writer {
	struct db_writer *next;
	const void *table;
	bool updates;
	sqlite3_stmt *stmt; /* of the cache */
};

/* One connection: the writer, or one thread's reader. */
struct db_conn {
	uint32_t magic;
	struct db *db;
	struct db_conn *next;
	sqlite3 *sql;
	struct db_cached *cache[DB_STMT_SLOTS]; /* by text; grows with the texts used */
	struct db_writer *writers;
};

struct db_file_id {
	dev_t dev;
	ino_t ino;
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
	struct db_conn
		*spares; /* opened at the start, for when the path leads elsewhere */
	struct db_metrics *metrics;
	struct db_fault_note fault;
	struct db_file_id ids[DB_FILES]; /* of the files that are open */
	struct db_conn *checkpointer;    /* db_maintain()'s; opened at its first use */
	atomic_int wal_pages;   /* of log after the last commit; 0: all folded in */
	int64_t folded_mono_ms; /* when it was last; the maintaining thread's */
};

int db_conn_open(struct db *db, const char *path, int flags, struct db_conn **ret,
		 struct err *err) MUST_CHECK;
void db_conn_close(struct db_conn *c);
DEFINE_CLEANUP(struct db_conn *, db_conn_close);
/* Runs statements that take no arguments and give no rows. */
int db_conn_exec(struct db_conn *c, const char *sql, struct err *err) MUST_CHECK;
/* Sets the message for what just failed on c, and returns its code. */
int db_fail(struct db_conn *c, struct err *err);

#endif
