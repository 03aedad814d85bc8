/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_fail.h - a database that cannot be written, as on a full disk.
 */
#ifndef TESTS_DB_FAIL_H
#define TESTS_DB_FAIL_H

#include "sql.h"
#include "test.h"

#undef TEXT /* a kind of column; tests call their own texts so */

/* Whether it refuses what is written, from now on. */
static inline void db_fail_writes(struct db *db, bool fails)
{
	pthread_mutex_lock(&db->write_lock);
	assert_int_equal(
		sqlite3_exec(db->writer->sql,
			     fails ? "PRAGMA query_only=1" : "PRAGMA query_only=0", NULL,
			     NULL, NULL),
		SQLITE_OK);
	pthread_mutex_unlock(&db->write_lock);
}

#endif
