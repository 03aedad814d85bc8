/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening, checking and closing the file. */
#include "db.h"

#include "check.h"
#include "damage.h"
#include "look.h"
#include "samples.h"
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int lock_file(const char *path, int *ret, struct err *err)
{
	CLEANUP(free) char *lock = xasprintf("%s.lock", path);
	CLEANUP(close_fd) int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, ERR_STORE, "cannot write %s", lock);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, ERR_CONFLICT,
				       "another controller is running on %s", path);
		return err_errno(err, ERR_STORE, "cannot lock %s", lock);
	}
	*ret = fd;
	fd = -1;
	return 0;
}

/* The file's first bytes, before SQLite may change anything; it is created
 * when missing. */
static int check_header(const char *path, struct err *err)
{
	char head[16] = "";
	struct stat st;
	CLEANUP(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, ERR_STORE, "cannot write %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_STORE, "%s is not a file", path);
	if (st.st_size == 0)
		return 0;
	if (read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    memcmp(head, "SQLite format 3", sizeof(head)) != 0)
		return err_set(err, ERR_STORE,
			       "%s is not an SQLite database; it was left as it is",
			       path);
	return 0;
}

/* Read only: closing this connection writes nothing. */
static int check_file(struct db *db, struct err *err)
{
	CLEANUP(db_conn_close) struct db_conn *c = NULL;
	int rc = check_header(db->path, err);

	if (rc < 0)
		return rc;
	rc = db_conn_open(db, db->path, SQLITE_OPEN_READWRITE, &c, err);
	if (rc < 0)
		return rc;
	sqlite3_db_config(c->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	rc = db_migrate_check(c, db->path, err);
	return rc < 0 ? rc : db_check_damage(c, err);
}

static int open_writer(struct db *db, struct err *err)
{
	int rc = db_conn_open(db, db->path, SQLITE_OPEN_READWRITE, &db->writer, err);

	if (rc < 0)
		return rc;
	db_checkpoint_watch(db);
	rc = db_conn_exec(db->writer,
			  "PRAGMA journal_mode=WAL;"
			  "PRAGMA synchronous=NORMAL;"
			  "PRAGMA journal_size_limit=1048576;"
			  "PRAGMA temp_store=MEMORY;"
			  "PRAGMA cache_size=-2048",
			  err);
	return rc < 0 ? rc : db_migrate(db->writer, err);
}

/*
 * Statistics of memory take a lock of the whole process with each allocation, and whoever
 * holds it may be waiting for a processor. Nobody reads them.
 */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static struct db *db_new(const char *path)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db *db = xcalloc(1, sizeof(*db));

	CHECK(pthread_once(&once, configure) == 0);
	db->magic = DB_MAGIC;
	db->path = xstrdup(path);
	db->lock_fd = -1;
	CHECK(pthread_mutex_init(&db->write_lock, NULL) == 0);
	db_fault_init(&db->fault);
	db_readers_init(db);
	return db;
}

int db_open(const char *path, struct db **ret, struct err *err)
{
	CLEANUP(db_close) struct db *db = db_new(path);
	int rc;

	if ((rc = lock_file(path, &db->lock_fd, err)) < 0 ||
	    (rc = check_file(db, err)) < 0 || (rc = open_writer(db, err)) < 0 ||
	    (rc = db_metrics_open(db, err)) < 0 ||
	    (rc = db_readers_open_spares(db, err)) < 0)
		return rc;
	db_look_begin(db);
	*ret = TAKE(db);
	return 0;
}

int db_open_beside(const char *path, struct db **ret, struct err *err)
{
	CLEANUP(db_close) struct db *db = db_new(path);
	int rc = db_conn_open(db, path, SQLITE_OPEN_READWRITE, &db->writer, err);

	if (rc == 0)
		rc = db_migrate_check(db->writer, path, err);
	if (rc == 0)
		rc = db_migrate_is_current(db->writer, path, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(db);
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	CHECK_MAGIC(db, DB_MAGIC);
	db_readers_done(db);
	db_metrics_close(db);
	db_conn_close(db->checkpointer);
	db_conn_close(db->writer);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	pthread_mutex_destroy(&db->write_lock);
	db_fault_done(&db->fault);
	free(db->path);
	db->magic = 0;
	free(db);
}

int db_tx(struct db *db, int (*fn)(struct db *db, void *arg, struct err *err), void *arg,
	  struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, fn(db, arg, err), err);
}

int db_read_tx(struct db *db, int (*fn)(struct db *db, void *arg, struct err *err),
	       void *arg, struct err *err)
{
	bool began = false;
	int rc = db_read_begin(db, &began, err);

	if (rc == 0)
		rc = fn(db, arg, err);
	if (began)
		db_read_end(db);
	return rc;
}

int64_t db_size_bytes(struct db *db)
{
	CLEANUP(free) char *wal = xasprintf("%s-wal", db->path);
	struct stat st;
	int64_t n = 0;

	if (stat(db->path, &st) == 0)
		n += st.st_size;
	if (stat(wal, &st) == 0)
		n += st.st_size;
	return n;
}
