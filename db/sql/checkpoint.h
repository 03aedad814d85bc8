/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint.h - the write-ahead log, written back into the file.
 *
 * db_maintain() does it, in the background; a commit only when that is not called.
 */
#ifndef DB_SQL_CHECKPOINT_H
#define DB_SQL_CHECKPOINT_H

#include "connection.h"

/* From now on commits of the writer note how long the log is. */
void db_checkpoint_watch(struct db *db);
/*
 * Writes the log into the file, at once when it is long, else once a second; a long log
 * is cut then. Readers and writers are not blocked.
 */
int db_checkpoint(struct db *db, struct err *err) MUST_CHECK;

#endif
