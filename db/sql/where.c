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

/* Each %d of a condition becomes the number of an argument, from the next one on. */
static void add_condition(struct db_where *w, const char *condition, size_t n)
{
	CHECK(w->n + n <= DB_WHERE_MAX);
	buf_puts(&w->sql, w->sql.len ? " AND " : " WHERE ");
	for (size_t i = 1; i <= n; i++) {
		const char *mark = strstr(condition, "%d");

		CHECK(mark);
		buf_add(&w->sql, condition, (size_t)(mark - condition));
		buf_printf(&w->sql, "%zu", w->n + i);
		condition = mark + 2;
	}
	buf_puts(&w->sql, condition);
}

void db_where_text(struct db_where *w, const char *condition, const char *value)
{
	if (!value)
		return;
	add_condition(w, condition, 1);
	w->args[w->n++].text = value;
}

void db_where_texts(struct db_where *w, const char *condition, const char *const *v,
		    size_t n)
{
	add_condition(w, condition, n);
	for (size_t i = 0; i < n; i++)
		w->args[w->n++].text = v[i];
}

void db_where_int(struct db_where *w, const char *condition, int64_t value)
{
	if (!value)
		return;
	add_condition(w, condition, 1);
	w->args[w->n++].number = value;
}

void db_where_add(struct db_where *w, const char *condition)
{
	buf_puts(&w->sql, w->sql.len ? " AND " : " WHERE ");
	buf_puts(&w->sql, condition);
}

void db_where_order(struct db_where *w, const char *order, size_t limit)
{
	if (order)
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
