/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections, statements and the words for what SQLite says. */
#include "connection.h"

#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* The database whose transaction this thread is in. */
static _Thread_local const struct db *in_transaction;

static bool is_full(int sys)
{
	return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

int db_fail(struct db_conn *c, struct err *err)
{
	int code = sqlite3_errcode(c->sql);
	int sys = sqlite3_system_errno(c->sql);
	const char *path = c->db->path;

	if (code == SQLITE_FULL || (code == SQLITE_IOERR && is_full(sys)))
		return err_set(
			err, ERR_STORE,
			"the disk is full: %s cannot grow; nothing of this change was "
			"written, and writing goes on once there is space",
			path);
	if (code == SQLITE_CONSTRAINT)
		return err_set(err, ERR_CONFLICT, "exists already: %s",
			       sqlite3_errmsg(c->sql));
	if (code == SQLITE_NOTADB)
		return err_set(err, ERR_STORE, "%s is no SQLite database", path);
	if (code == SQLITE_CORRUPT)
		return err_set(err, ERR_STORE, "the database %s is damaged: %s", path,
			       sqlite3_errmsg(c->sql));
	if (code == SQLITE_IOERR)
		return err_set(
			err, ERR_STORE,
			"%s cannot be read or written (I/O error %d); nothing of this "
			"change was written",
			path, sqlite3_extended_errcode(c->sql) >> 8);
	if (sys)
		return err_set(err, ERR_STORE, "database %s: %s: %s", path,
			       sqlite3_errmsg(c->sql), strerror(sys));
	return err_set(err, ERR_STORE, "database %s: %s", path, sqlite3_errmsg(c->sql));
}

int db_conn_exec(struct db_conn *c, const char *sql, struct err *err)
{
	if (sqlite3_exec(c->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(c, err);
	return 0;
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

int db_conn_open(struct db *db, const char *path, int flags, struct db_conn **ret,
		 struct err *err)
{
	CLEANUP(db_conn_close) struct db_conn *c = xcalloc(1, sizeof(*c));

	c->magic = DB_CONN_MAGIC;
	c->db = db;
	if (sqlite3_open_v2(path, &c->sql, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return db_fail(c, err);
	sqlite3_extended_result_codes(c->sql, 0);
	sqlite3_busy_timeout(c->sql, 5000);
	*ret = TAKE(c);
	return 0;
}

void db_conn_close(struct db_conn *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, DB_CONN_MAGIC);
	for (size_t i = 0; i < DB_STMT_SLOTS; i++)
		while (c->cache[i]) {
			struct db_cached *e = c->cache[i];

			c->cache[i] = e->next;
			sqlite3_finalize(e->stmt);
			free(e);
		}
	sqlite3_close(c->sql);
	c->magic = 0;
	free(c);
}

/* ---------------------------------------------------------------- statements */

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* Nothing is ever evicted: the texts are few, and someone may still hold a statement. */
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

/* ---------------------------------------------------------------- readers */

int db_read(struct db *db, struct db_conn **ret, struct err *err)
{
	struct db_conn *c;
	int rc;

	CHECK_MAGIC(db, DB_MAGIC);
	if (in_transaction == db) {
		*ret = db->writer;
		return 0;
	}
	c = pthread_getspecific(db->reader_key);
	if (c) {
		CHECK_MAGIC(c, DB_CONN_MAGIC);
		*ret = c;
		return 0;
	}
	rc = db_conn_open(db, db->path, SQLITE_OPEN_READONLY, &c, err);
	if (rc < 0)
		return rc;
	/* Many threads, small pages, few of them read twice: memory is for the writer. */
	rc = db_conn_exec(c, "PRAGMA cache_size=-512", err);
	if (rc < 0) {
		db_conn_close(c);
		return rc;
	}
	CHECK(pthread_setspecific(db->reader_key, c) == 0);
	pthread_mutex_lock(&db->readers_lock);
	c->next = db->readers;
	db->readers = c;
	pthread_mutex_unlock(&db->readers_lock);
	*ret = c;
	return 0;
}

/* ---------------------------------------------------------------- transactions */

static int begin(struct db *db, bool synced, struct err *err)
{
	char sql[32];
	int rc;

	if (db->depth > 0) {
		snprintf(sql, sizeof(sql), "SAVEPOINT s%d", db->depth);
		return db_conn_exec(db->writer, sql, err);
	}
	if (synced != db->synced) {
		rc = db_conn_exec(db->writer,
				  synced ? "PRAGMA synchronous=FULL"
					 : "PRAGMA synchronous=NORMAL",
				  err);
		if (rc < 0)
			return rc;
		db->synced = synced;
	}
	return db_conn_exec(db->writer, "BEGIN IMMEDIATE", err);
}

void db_write_lock(struct db *db)
{
	CHECK_MAGIC(db, DB_MAGIC);
	if (in_transaction != db)
		pthread_mutex_lock(&db->write_lock);
}

void db_write_unlock(struct db *db)
{
	if (in_transaction != db)
		pthread_mutex_unlock(&db->write_lock);
}

int db_write_open(struct db *db, bool synced, struct db_conn **ret, struct err *err)
{
	int rc = begin(db, synced, err);

	if (rc < 0)
		return rc;
	db->depth++;
	in_transaction = db;
	*ret = db->writer;
	return 0;
}

int db_write_begin(struct db *db, bool synced, struct db_conn **ret, struct err *err)
{
	int rc;

	db_write_lock(db);
	rc = db_write_open(db, synced, ret, err);
	if (rc < 0)
		db_write_unlock(db);
	return rc;
}

/* A full disk or an I/O error may have rolled the whole transaction back already. */
static void roll_back(struct db *db)
{
	char sql[64];

	if (sqlite3_get_autocommit(db->writer->sql))
		return;
	if (db->depth > 0)
		snprintf(sql, sizeof(sql), "ROLLBACK TO s%d; RELEASE s%d", db->depth,
			 db->depth);
	else
		snprintf(sql, sizeof(sql), "ROLLBACK");
	sqlite3_exec(db->writer->sql, sql, NULL, NULL, NULL);
}

static int commit(struct db *db, struct err *err)
{
	char sql[32];

	if (sqlite3_get_autocommit(db->writer->sql))
		return err_set(err, ERR_STORE,
			       "database %s: the transaction was rolled back", db->path);
	if (db->depth == 0)
		return db_conn_exec(db->writer, "COMMIT", err);
	snprintf(sql, sizeof(sql), "RELEASE s%d", db->depth);
	return db_conn_exec(db->writer, sql, err);
}

int db_write_finish(struct db *db, int rc, struct err *err)
{
	CHECK(in_transaction == db && db->depth > 0);
	db->depth--;
	if (rc == 0)
		rc = commit(db, err);
	if (rc != 0)
		roll_back(db);
	if (db->depth == 0)
		in_transaction = NULL;
	return rc;
}

int db_write_end(struct db *db, int rc, struct err *err)
{
	rc = db_write_finish(db, rc, err);
	db_write_unlock(db);
	return rc;
}
