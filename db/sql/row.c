/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "row.h"

#include "check.h"
#include "reader.h"
#include "transaction.h"

#include <inttypes.h>
#include <string.h>

#define SQL_MAX_BYTES 8192

/* Every X_list has this shape. */
struct rows {
	char *v;
	size_t n;
};

const char *db_enum_name(const char *const *names, int value)
{
	for (int i = 0; names[i]; i++)
		if (i == value)
			return names[i];
	return "?";
}

int db_enum_from_name(const char *const *names, const char *name)
{
	for (int i = 0; name && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* ---------------------------------------------------------------- members */

static const void *member(const void *row, const struct db_col *col)
{
	return (const char *)row + col->offset;
}

static void bind_member(sqlite3_stmt *q, int i, const struct db_col *col, const void *row)
{
	const void *m = member(row, col);
	int value;

	switch (col->type) {
	case COL_TEXT:
		db_bind_at(q, i, *(char *const *)m);
		return;
	case COL_INT:
		CHECK(sqlite3_bind_int64(q, i, *(const int64_t *)m) == SQLITE_OK);
		return;
	case COL_REAL:
		CHECK(sqlite3_bind_double(q, i, *(const double *)m) == SQLITE_OK);
		return;
	case COL_BOOL:
		CHECK(sqlite3_bind_int(q, i, *(const bool *)m) == SQLITE_OK);
		return;
	case COL_ENUM:
		memcpy(&value, m, sizeof(value));
		db_bind_at(q, i, db_enum_name(col->names, value));
		return;
	}
}

static int read_member(sqlite3_stmt *q, int i, const struct db_table *t,
		       const struct db_col *col, void *row, struct err *err)
{
	char *m = (char *)row + col->offset;
	int value;

	switch (col->type) {
	case COL_TEXT:
		*(char **)(void *)m = xstrdup(db_column_str(q, i));
		return 0;
	case COL_INT:
		*(int64_t *)(void *)m = sqlite3_column_int64(q, i);
		return 0;
	case COL_REAL:
		*(double *)(void *)m = sqlite3_column_double(q, i);
		return 0;
	case COL_BOOL:
		*(bool *)m = sqlite3_column_int(q, i) != 0;
		return 0;
	case COL_ENUM:
		value = db_enum_from_name(col->names, db_column_str(q, i));
		if (value < 0)
			return err_set(err, ERR_STORE,
				       "the database has '%s' as %s of a %s",
				       db_column_str(q, i), col->name, t->name);
		memcpy(m, &value, sizeof(value));
		return 0;
	}
	return 0;
}

static int read_row(sqlite3_stmt *q, const struct db_table *t, void *row, struct err *err)
{
	memset(row, 0, t->size);
	for (int i = 0; t->cols[i].name; i++) {
		int rc = read_member(q, i, t, &t->cols[i], row, err);

		if (rc < 0) {
			db_row_done(t, row);
			return rc;
		}
	}
	return 0;
}

void db_row_done(const struct db_table *t, void *row)
{
	for (const struct db_col *col = t->cols; col->name; col++)
		if (col->type == COL_TEXT)
			free(*(char **)(void *)((char *)row + col->offset));
	memset(row, 0, t->size);
}

void db_rows_done(const struct db_table *t, void *list)
{
	struct rows *l = list;

	for (size_t i = 0; i < l->n; i++)
		db_row_done(t, l->v + i * t->size);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

/* ---------------------------------------------------------------- statements */

/* "a,b,c" with the columns quoted; without those that have one of the flags. */
static void add_columns(struct buf *sql, const struct db_table *t, unsigned without)
{
	const char *sep = "";

	for (const struct db_col *col = t->cols; col->name; col++) {
		if (col->flags & without)
			continue;
		buf_printf(sql, "%s\"%s\"", sep, col->name);
		sep = ",";
	}
}

static void add_insert(struct buf *sql, const struct db_table *t)
{
	int n = 0;

	buf_printf(sql, "INSERT INTO %s (", t->name);
	add_columns(sql, t, COL_AUTO);
	buf_puts(sql, ") VALUES (");
	for (const struct db_col *col = t->cols; col->name; col++)
		if (!(col->flags & COL_AUTO))
			buf_printf(sql, "%s?%d", n ? "," : "", n + 1), n++;
	buf_putc(sql, ')');
}

static void add_conflict(struct buf *sql, const struct db_table *t)
{
	const char *sep = "";

	buf_puts(sql, " ON CONFLICT (");
	for (const struct db_col *col = t->cols; col->name; col++)
		if (col->flags & COL_KEY) {
			buf_printf(sql, "%s\"%s\"", sep, col->name);
			sep = ",";
		}
	buf_puts(sql, ") DO UPDATE SET ");
	sep = "";
	for (const struct db_col *col = t->cols; col->name; col++)
		if (!(col->flags & (COL_KEY | COL_STATE))) {
			buf_printf(sql, "%s\"%s\"=excluded.\"%s\"", sep, col->name,
				   col->name);
			sep = ",";
		}
}

/* Such a statement is run to its end at once, so it is never busy. */
static int prepare_write(struct db_conn *c, const struct db_table *t, bool update,
			 sqlite3_stmt **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf sql;
	struct db_writer *w = c->writers;
	int rc;

	buf_init(&sql, SQL_MAX_BYTES);
	while (w && (w->table != t || w->updates != update))
		w = w->next;
	if (w) {
		*ret = w->stmt;
		return 0;
	}
	add_insert(&sql, t);
	if (update)
		add_conflict(&sql, t);
	rc = db_prepare(c, buf_str(&sql), ret, err);
	if (rc < 0)
		return rc;
	w = xcalloc(1, sizeof(*w));
	*w = (struct db_writer){ c->writers, t, update, *ret };
	c->writers = w;
	return 0;
}

static int write_row(struct db_conn *c, const struct db_table *t, const void *row,
		     bool update, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	int rc = prepare_write(c, t, update, &q, err), i = 1;

	if (rc < 0)
		return rc;
	for (const struct db_col *col = t->cols; col->name; col++)
		if (!(col->flags & COL_AUTO))
			bind_member(q, i++, col, row);
	return db_exec(c, q, NULL, err);
}

int db_insert(struct db_conn *c, const struct db_table *t, const void *row,
	      int64_t *ret_id, struct err *err)
{
	int rc = write_row(c, t, row, false, err);

	if (rc == 0 && ret_id)
		*ret_id = sqlite3_last_insert_rowid(c->sql);
	return rc;
}

int db_put(struct db_conn *c, const struct db_table *t, const void *row, struct err *err)
{
	return write_row(c, t, row, true, err);
}

int db_insert_one(struct db *db, const struct db_table *t, const void *row,
		  int64_t *ret_id, struct err *err)
{
	struct db_conn *c;
	int64_t id = 0;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_write_end(db, db_insert(c, t, row, &id, err), err);
	if (rc == 0 && ret_id)
		*ret_id = id;
	return rc;
}

int db_put_one(struct db *db, const struct db_table *t, const void *row, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, db_put(c, t, row, err), err);
}

static int prepare_select(struct db_conn *c, const struct db_table *t,
			  const struct db_where *w, sqlite3_stmt **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf sql;
	int rc;

	buf_init(&sql, SQL_MAX_BYTES);
	buf_puts(&sql, "SELECT ");
	add_columns(&sql, t, 0);
	buf_printf(&sql, " FROM %s%s", t->name, buf_str(&w->sql));
	rc = db_prepare(c, buf_str(&sql), ret, err);
	if (rc == 0)
		db_where_bind(*ret, w);
	return rc;
}

int db_get(struct db *db, const struct db_table *t, const struct db_where *w, void *ret,
	   const char *what, const char *key, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = prepare_select(c, t, w, &q, err)) < 0 || (rc = db_step(c, q, err)) < 0)
		return rc;
	if (rc == 0)
		return err_set(err, ERR_NOT_FOUND, "no %s '%s'", what, key);
	return read_row(q, t, ret, err);
}

int db_get_text(struct db *db, const struct db_table *t, const char *column,
		const char *key, void *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;
	CLEANUP(free) char *condition = xasprintf("\"%s\" = ?%%d", column);

	db_where_init(&w);
	db_where_text(&w, condition, key ? key : "");
	return db_get(db, t, &w, ret, t->name, key ? key : "", err);
}

int db_get_id(struct db *db, const struct db_table *t, int64_t id, void *ret,
	      struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, id);
	db_where_init(&w);
	db_where_text(&w, "id = CAST(?%d AS INTEGER)", text);
	return db_get(db, t, &w, ret, t->name, text, err);
}

int db_list(struct db *db, const struct db_table *t, const struct db_where *w, void *list,
	    struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct rows l = { NULL, 0 };
	struct db_conn *c;
	size_t cap = 0;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = prepare_select(c, t, w, &q, err)) < 0)
		return rc;
	while ((rc = db_step(c, q, err)) == 1) {
		if (l.n == cap) {
			cap = cap ? cap * 2 : 16;
			l.v = xrealloc(l.v, cap * t->size);
		}
		rc = read_row(q, t, l.v + l.n * t->size, err);
		if (rc < 0)
			break;
		l.n++;
	}
	if (rc < 0) {
		db_rows_done(t, &l);
		return rc;
	}
	memcpy(list, &l, sizeof(l));
	return 0;
}

int db_change(struct db *db, const char *what, struct err *err, const char *sql,
	      const char *types, ...)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int64_t changed = 0;
	va_list ap;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_prepare(c, sql, &q, err);
	if (rc == 0) {
		va_start(ap, types);
		db_bind_list(q, types, ap);
		va_end(ap);
		rc = db_exec(c, q, &changed, err);
	}
	if (rc == 0 && changed == 0 && what)
		rc = err_set(err, ERR_NOT_FOUND, "no %s", what);
	db_stmt_done(TAKE(q));
	return db_write_end(db, rc, err);
}
