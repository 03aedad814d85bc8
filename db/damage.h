/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * damage.h - whether the file is sound inside, as SQLite's own check has it.
 */
#ifndef DB_DAMAGE_H
#define DB_DAMAGE_H

#include "sql.h"

/* ERR_STORE: it is damaged. Of a large file only the control tables are read. */
int db_check_damage(struct db_conn *c, struct err *err) MUST_CHECK;
/* Whether that reads all of it. */
bool db_check_is_full(const struct db_conn *c);

#endif
