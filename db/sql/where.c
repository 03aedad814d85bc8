/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "where.h"

#include "check.h"

#include <limits.h>
#include <string.h>

#define SQL_MAX_BYTES 8192

void db_where_init(struct db_where *w)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->sql, SQL_MAX_BYTES);
}

void db_where_done(struct db_where *w)
{
	buf_done(&w->sql);
}

/* The one %d of a condition becomes the number of the next argument. */
static void add_condition(struct db_where *w, const char *condition)
{
	const char *mark = strstr(condition, "%d");

	CHECK(w->n < DB_WHERE_MAX && mark);
	buf_puts(&w->sql, w->sql.len ? " AND " : " WHERE ");
	buf_add(&w->sql, condition, (size_t)(mark - condition));
	buf_printf(&w->sql, "%zu%s", w->n + 1, mark + 2);
}

void db_where_text(struct db_where *w, const char *condition, const char *value)
{
	if (!value)
		return;
	add_condition(w, condition);
	w->args[w->n++].text = value;
}

void db_where_int(struct db_where *w, const char *condition, int64_t value)
{
	if (!value)
		return;
	add_condition(w, condition);
	w->args[w->n++].number = value;
}

void db_where_add(struct db_where *w, const char *condition)
{
	buf_puts(&w->sql, w->sql.len ? " AND " : " WHERE ");
	buf_puts(&w->sql, condition);
}

void db_where_order(struct db_where *w, const char *order, size_t limit)
{
	buf_printf(&w->sql, " ORDER BY %s", order);
	if (limit == 0)
		return;
	CHECK(w->n < DB_WHERE_MAX);
	buf_printf(&w->sql, " LIMIT ?%zu", w->n + 1);
	w->args[w->n++].number = limit > INT_MAX ? INT_MAX : (int64_t)limit;
}

void db_where_bind(sqlite3_stmt *q, const struct db_where *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->args[i].text)
			db_bind_at(q, (int)i + 1, w->args[i].text);
		else
			CHECK(sqlite3_bind_int64(q, (int)i + 1, w->args[i].number) ==
			      SQLITE_OK);
}
