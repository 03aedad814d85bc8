/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * where.h - the condition, order and limit of a list, from the filters that are set.
 */
#ifndef DB_SQL_WHERE_H
#define DB_SQL_WHERE_H

#include "buf.h"
#include "statement.h"

#define DB_WHERE_MAX 8
struct db_where {
	struct buf sql;
	size_t n;
	struct {
		const char *text; /* or, when NULL, the number */
		int64_t number;
	} args[DB_WHERE_MAX];
};
void db_where_init(struct db_where *w);
void db_where_done(struct db_where *w);
DEFINE_CLEANUP_OBJECT(struct db_where, db_where_done);
/* condition has one %d for the argument's number: "stack = ?%d". NULL and 0 add no
 * condition.
 */
void db_where_text(struct db_where *w, const char *condition, const char *value);
/* The same with n of them, none of them NULL. */
void db_where_texts(struct db_where *w, const char *condition, const char *const *v,
		    size_t n);
void db_where_int(struct db_where *w, const char *condition, int64_t value);
void db_where_add(struct db_where *w, const char *condition); /* without argument */
/* "ORDER BY order LIMIT limit", last. order: NULL: that of a view which has one. */
void db_where_order(struct db_where *w, const char *order, size_t limit);

/* Binds the arguments, from ?1 on. */
void db_where_bind(sqlite3_stmt *q, const struct db_where *w);

#endif
