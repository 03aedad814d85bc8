/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate.h - the schema, brought to this version.
 */
#ifndef DB_SQL_MIGRATE_H
#define DB_SQL_MIGRATE_H

#include "connection.h"

/* Refuses a file of a newer version or of another program. */
int db_migrate_check(struct db_conn *c, const char *path, struct err *err) MUST_CHECK;
/* ERR_CONFLICT: something is missing. */
int db_migrate_is_current(struct db_conn *c, const char *path,
			  struct err *err) MUST_CHECK;
/* Applies what is missing. */
int db_migrate(struct db_conn *c, struct err *err) MUST_CHECK;

#endif
