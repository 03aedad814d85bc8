/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * look.h - the files of an open database, as they were when it was opened.
 */
#ifndef DB_LOOK_H
#define DB_LOOK_H

struct db;

/* Remembers which files are open, for db_look(). */
void db_look_begin(struct db *db);
/* The suffix of the file that is no longer the open one; NULL: all are. */
const char *db_look_replaced(const struct db *db);

#endif
