/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reader.h"

#include "check.h"
#include "transaction.h"

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

void db_readers_done(struct db *db)
{
	pthread_key_delete(db->reader_key);
	while (db->readers) {
		struct db_conn *c = db->readers;

		db->readers = c->next;
		db_conn_close(c);
	}
	pthread_mutex_destroy(&db->readers_lock);
}
