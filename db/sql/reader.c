/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reader.h"

#include "allowance.h"
#include "check.h"
#include "statement.h"
#include "transaction.h"

#include <sys/stat.h>

#define SPARES 8           /* about as many as the API has threads */
#define STEPS_A_LOOK 20000 /* of SQLite's machine: about a millisecond */

/* Ends the statement of a thread whose time is over. */
static int on_progress(void *arg)
{
	(void)arg;
	return allowance_is_over();
}

static int open_reader(struct db *db, struct db_conn **ret, struct err *err)
{
	CLEANUP(db_conn_close) struct db_conn *c = NULL;
	int64_t n;
	int rc = db_conn_open(db, db->path, SQLITE_OPEN_READONLY, &c, err);

	/* Many threads, small pages, few of them read twice: memory is for the writer. */
	if (rc == 0)
		rc = db_conn_exec(c, "PRAGMA cache_size=-256", err);
	/* With its first read it opens the log as well. */
	if (rc == 0)
		rc = db_conn_int(c, "PRAGMA user_version", &n, err);
	if (rc < 0)
		return rc;
	sqlite3_progress_handler(c->sql, STEPS_A_LOOK, on_progress, NULL);
	*ret = TAKE(c);
	return 0;
}

int db_readers_open_spares(struct db *db, struct err *err)
{
	for (int i = 0; i < SPARES; i++) {
		struct db_conn *c = NULL;
		int rc = open_reader(db, &c, err);

		if (rc < 0)
			return rc;
		c->next = db->spares;
		db->spares = c;
	}
	return 0;
}

/* Whether the path still leads to the file that is open. */
static bool leads_there(const struct db *db)
{
	struct stat st;

	return !db->ids[0].ino ||
	       (stat(db->path, &st) == 0 && st.st_ino == db->ids[0].ino &&
		st.st_dev == db->ids[0].dev);
}

static int take_spare(struct db *db, struct db_conn **ret, struct err *err)
{
	pthread_mutex_lock(&db->readers_lock);
	*ret = db->spares;
	if (*ret)
		db->spares = (*ret)->next;
	pthread_mutex_unlock(&db->readers_lock);
	return *ret ? 0
		    : err_set(err, ERR_STORE,
			      "the database %s was deleted or replaced while it is in "
			      "use",
			      db->path);
}

int db_read(struct db *db, struct db_conn **ret, struct err *err)
{
	struct db_conn *c;
	int rc;

	CHECK_MAGIC(db, DB_MAGIC);
	if (db_is_writing(db)) {
		*ret = db->writer;
		return 0;
	}
	c = pthread_getspecific(db->reader_key);
	if (c) {
		CHECK_MAGIC(c, DB_CONN_MAGIC);
		*ret = c;
		return 0;
	}
	rc = leads_there(db) ? open_reader(db, &c, err) : take_spare(db, &c, err);
	if (rc < 0)
		return rc;
	CHECK(pthread_setspecific(db->reader_key, c) == 0);
	pthread_mutex_lock(&db->readers_lock);
	c->next = db->readers;
	db->readers = c;
	pthread_mutex_unlock(&db->readers_lock);
	*ret = c;
	return 0;
}

int db_read_begin(struct db *db, bool *ret_began, struct err *err)
{
	struct db_conn *c;
	int rc;

	if (db_is_writing(db))
		return 0;
	rc = db_read(db, &c, err);
	if (rc == 0 && sqlite3_get_autocommit(c->sql)) {
		rc = db_conn_exec(c, "BEGIN", err);
		*ret_began = rc == 0;
	}
	return rc;
}

/* Nothing was changed: it can only succeed. */
void db_read_end(struct db *db)
{
	const struct db_conn *c = pthread_getspecific(db->reader_key);

	(void)sqlite3_exec(c->sql, "COMMIT", NULL, NULL, NULL);
}

static void forget_reader(struct db *db, const struct db_conn *c)
{
	pthread_mutex_lock(&db->readers_lock);
	for (struct db_conn **p = &db->readers; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	pthread_mutex_unlock(&db->readers_lock);
}

/* A thread that has read exits. */
static void reader_ended(void *arg)
{
	struct db_conn *c = arg;

	CHECK_MAGIC(c, DB_CONN_MAGIC);
	/* CHECK_MAGIC() does not return for NULL. */
	/* cppcheck-suppress nullPointerRedundantCheck */
	forget_reader(c->db, c);
	db_conn_close(c);
}

void db_readers_init(struct db *db)
{
	CHECK(pthread_mutex_init(&db->readers_lock, NULL) == 0);
	CHECK(pthread_key_create(&db->reader_key, reader_ended) == 0);
}

static void close_all(struct db_conn **list)
{
	while (*list) {
		struct db_conn *c = *list;

		*list = c->next;
		db_conn_close(c);
	}
}

void db_readers_done(struct db *db)
{
	pthread_key_delete(db->reader_key);
	close_all(&db->readers);
	close_all(&db->spares);
	pthread_mutex_destroy(&db->readers_lock);
}
