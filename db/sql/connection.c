/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connection.h"

#include "allowance.h"
#include "check.h"

#include <errno.h>
#include <string.h>

static bool is_full(int sys)
{
	return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

static enum db_fault fault_of(int code, int sys)
{
	if (code == SQLITE_FULL || (code == SQLITE_IOERR && is_full(sys)))
		return DB_NO_SPACE;
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return DB_DAMAGED;
	return code == SQLITE_IOERR || code == SQLITE_READONLY || code == SQLITE_CANTOPEN
		       ? DB_UNWRITABLE
		       : DB_SOUND;
}

/* In words; returns the code. */
static int say(struct db_conn *c, struct err *err)
{
	int code = sqlite3_errcode(c->sql);
	int sys = sqlite3_system_errno(c->sql);
	const char *path = c->db->path;

	if (code == SQLITE_FULL || (code == SQLITE_IOERR && is_full(sys)))
		return err_set(
			err, ERR_STORE,
			"the disk is full: %s cannot grow; nothing of this change was "
			"written, and writing resumes once there is space",
			path);
	if (code == SQLITE_INTERRUPT && allowance_check(err) < 0)
		return ERR_TIMEOUT;
	if (code == SQLITE_CONSTRAINT)
		return err_set(err, ERR_CONFLICT, "already exists: %s",
			       sqlite3_errmsg(c->sql));
	if (code == SQLITE_NOTADB)
		return err_set(err, ERR_STORE, "%s is not an SQLite database", path);
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

int db_fail(struct db_conn *c, struct err *err)
{
	enum db_fault fault =
		fault_of(sqlite3_errcode(c->sql), sqlite3_system_errno(c->sql));
	struct err own;
	int rc = say(c, &own);

	if (fault != DB_SOUND)
		db_fault_note(&c->db->fault, fault, own.msg);
	if (err)
		*err = own;
	return rc;
}

int db_conn_exec(struct db_conn *c, const char *sql, struct err *err)
{
	if (sqlite3_exec(c->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(c, err);
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
	while (c->writers) {
		struct db_writer *w = c->writers;

		c->writers = w->next;
		free(w);
	}
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
