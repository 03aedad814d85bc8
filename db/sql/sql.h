/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sql.h - connections, transactions, statements and rows of SQLite.
 */
#ifndef DB_SQL_SQL_H
#define DB_SQL_SQL_H

#include "connection.h"
#include "row.h"

#endif
