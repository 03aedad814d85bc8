/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transaction.h"

#include "check.h"

#include <stdio.h>

/* The database whose transaction this thread is in. */
static _Thread_local const struct db *in_transaction;

bool db_is_writing(const struct db *db)
{
	return in_transaction == db;
}

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

/* A full disk or an I/O error may already have rolled back the entire transaction. */
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
	if (db->depth == 0) {
		int rc = db_conn_exec(db->writer, "COMMIT", err);

		if (rc == 0)
			db_fault_written(&db->fault);
		return rc;
	}
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
