/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A backup is a copy of the database in one file, with a table of the other files that
 * belong to it.
 */
#include "check.h"
#include "clock.h"
#include "db.h"
#include "look.h"
#include "sql.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Empty, and for its owner alone; SQLite would create it for all to read. */
static int make_file(const char *path, struct err *err)
{
	CLEANUP(close_fd)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? err_errno(err, ERR_STORE, "cannot create %s", path) : 0;
}

/* All pages at once: as they are at this moment. */
static int copy_pages(struct db_conn *to, sqlite3 *from, struct err *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to->sql, "main", from, "main");

	if (!b)
		return db_fail(to, err);
	(void)sqlite3_backup_step(b, -1);
	return sqlite3_backup_finish(b) == SQLITE_OK ? 0 : db_fail(to, err);
}

/* A struct db that is no more than a path, for connections to a file that nobody shares.
 */
static void bare_init(struct db *d, char *path)
{
	*d = (struct db){ .magic = DB_MAGIC, .path = path, .lock_fd = -1 };
	db_fault_init(&d->fault);
}

static void bare_done(struct db *d)
{
	db_fault_done(&d->fault);
	free(d->path);
}
DEFINE_CLEANUP_OBJECT(struct db, bare_done);

static int check_whole(struct db_conn *c, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, "PRAGMA integrity_check(1)", &q, err);

	if (rc == 0)
		rc = db_step(c, q, err);
	if (rc == 1 && strcmp(db_column_str(q, 0), "ok") != 0)
		return err_set(err, ERR_STORE, "%s is damaged (%s)", c->db->path,
			       db_column_str(q, 0));
	return rc < 0 ? rc : 0;
}

static int add_file(struct db_conn *c, const struct db_backup_file *f, struct err *err)
{
	return db_run(c, err,
		      "INSERT INTO backup_file (name, mode, data) VALUES (?1, ?2, ?3)",
		      "tib", f->name, (int64_t)f->mode, f->data, f->len);
}

/* What only a backup has: its date and the other files. */
static int complete(struct db_conn *c, const struct db_backup_file *files, size_t n,
		    struct err *err)
{
	int rc = db_conn_exec(c,
			      "PRAGMA journal_mode=DELETE; BEGIN;"
			      "CREATE TABLE backup_file (name TEXT PRIMARY KEY,"
			      " mode INTEGER NOT NULL, data BLOB NOT NULL)",
			      err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_file(c, &files[i], err);
	if (rc == 0)
		rc = db_run(c, err,
			    "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",
			    "ti", DB_META_BACKUP, clock_wall_ms());
	return rc < 0 ? rc : db_conn_exec(c, "COMMIT", err);
}

static int write_copy(struct db *to, sqlite3 *from, const struct db_backup_file *files,
		      size_t n, struct err *err)
{
	CLEANUP(db_conn_close) struct db_conn *c = NULL;
	int rc = db_conn_open(to, to->path, SQLITE_OPEN_READWRITE, &c, err);

	if (rc == 0)
		rc = copy_pages(c, from, err);
	if (rc == 0)
		rc = complete(c, files, n, err);
	return rc < 0 ? rc : check_whole(c, err);
}

/*
 * From this thread's reader, which keeps nobody waiting; when the file was deleted only
 * the writer still has it.
 */
static int copy_from(struct db *db, struct db *to, const struct db_backup_file *files,
		     size_t n, struct err *err)
{
	struct db_conn *c;
	int rc;

	if (!db_look_replaced(db)) {
		rc = db_read(db, &c, err);
		return rc < 0 ? rc : write_copy(to, c->sql, files, n, err);
	}
	db_write_lock(db);
	rc = write_copy(to, db->writer->sql, files, n, err);
	db_write_unlock(db);
	return rc;
}

int db_backup(struct db *db, const char *path, const struct db_backup_file *files,
	      size_t n, struct err *err)
{
	CLEANUP(bare_done) struct db to;
	int rc = make_file(path, err);

	bare_init(&to, xstrdup(path));
	if (rc < 0)
		return rc;
	rc = copy_from(db, &to, files, n, err);
	if (rc < 0)
		(void)unlink(path);
	return rc;
}

/* ---------------------------------------------------------------- and back */

static int each_file(struct db_conn *c, db_backup_fn *each, void *arg, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = db_prepare(c, "SELECT name, mode, data FROM backup_file", &q, err);

	while (rc >= 0 && (rc = db_step(c, q, err)) == 1) {
		const struct db_backup_file f = {
			.name = db_column_str(q, 0),
			.mode = (unsigned)sqlite3_column_int(q, 1),
			.data = sqlite3_column_blob(q, 2),
			.len = (size_t)sqlite3_column_bytes(q, 2),
		};

		rc = each(arg, &f, err);
	}
	return rc;
}

/* A copy of a state folder has no such table: its files lie beside it. */
static int take_files(struct db_conn *c, db_backup_fn *each, void *arg, struct err *err)
{
	int64_t has = 0;
	int rc = db_conn_int(
		c, "SELECT count(*) FROM sqlite_schema WHERE name = 'backup_file'", &has,
		err);

	if (rc == 0 && has)
		rc = each_file(c, each, arg, err);
	return rc < 0 || !has ? rc : db_conn_exec(c, "DROP TABLE backup_file", err);
}

static int read_copy(struct db *from, struct db *to, db_backup_fn *each, void *arg,
		     struct err *err)
{
	CLEANUP(db_conn_close) struct db_conn *source = NULL;
	CLEANUP(db_conn_close) struct db_conn *c = NULL;
	int rc = db_conn_open(from, from->path, SQLITE_OPEN_READWRITE, &source, err);

	if (rc < 0)
		return rc;
	/* The backup stays as it is. */
	sqlite3_db_config(source->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if ((rc = db_migrate_check(source, from->path, err)) < 0 ||
	    (rc = check_whole(source, err)) < 0 ||
	    (rc = db_conn_open(to, to->path, SQLITE_OPEN_READWRITE, &c, err)) < 0 ||
	    (rc = copy_pages(c, source->sql, err)) < 0)
		return rc;
	return take_files(c, each, arg, err);
}

int db_restore(const char *backup, const char *path, db_backup_fn *each, void *arg,
	       struct err *err)
{
	CLEANUP(bare_done) struct db from;
	CLEANUP(bare_done) struct db to;
	int rc = make_file(path, err);

	bare_init(&from, xstrdup(backup));
	bare_init(&to, xstrdup(path));
	if (rc < 0)
		return rc;
	rc = read_copy(&from, &to, each, arg, err);
	if (rc < 0)
		(void)unlink(path);
	return rc;
}
