/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row.h - a table's rows as structs, from one list of columns; for db/ only.
 *
 * Each table's file lists its columns: name, type and offset in the struct. Reading,
 * writing and freeing follow from that.
 */
#ifndef DB_SQL_ROW_H
#define DB_SQL_ROW_H

#include "where.h"

enum db_col_type {
	COL_TEXT, /* char * */
	COL_INT,  /* int64_t */
	COL_REAL, /* double */
	COL_BOOL, /* bool */
	COL_ENUM, /* an enum whose names are in the column's list; stored by name */
};

enum db_col_flag {
	COL_KEY = 1,   /* of the primary key */
	COL_STATE = 2, /* not changed when db_put() updates a row */
	COL_AUTO = 4,  /* integer key that the database assigns */
};

struct db_col {
	const char *name;
	enum db_col_type type;
	size_t offset;
	unsigned flags;
	const char *const *names; /* ends with NULL */
};

struct db_table {
	const char *name;
	size_t size;               /* of the struct */
	const struct db_col *cols; /* ends with a NULL name */
};

/* In an open write transaction. */
int db_insert(struct db_conn *c, const struct db_table *t, const void *row,
	      int64_t *ret_id, struct err *err) MUST_CHECK;
/* Inserts, or updates all columns but the key's and COL_STATE. */
int db_put(struct db_conn *c, const struct db_table *t, const void *row,
	   struct err *err) MUST_CHECK;
/* The same two in a transaction of their own. */
int db_insert_one(struct db *db, const struct db_table *t, const void *row,
		  int64_t *ret_id, struct err *err) MUST_CHECK;
int db_put_one(struct db *db, const struct db_table *t, const void *row,
	       struct err *err) MUST_CHECK;

/* The first row that matches; ERR_NOT_FOUND with the message "no WHAT 'KEY'". */
int db_get(struct db *db, const struct db_table *t, const struct db_where *w, void *ret,
	   const char *what, const char *key, struct err *err) MUST_CHECK;
/* The same by one text column, or by id. */
int db_get_text(struct db *db, const struct db_table *t, const char *column,
		const char *key, void *ret, struct err *err) MUST_CHECK;
int db_get_id(struct db *db, const struct db_table *t, int64_t id, void *ret,
	      struct err *err) MUST_CHECK;
/* list points at a struct X_list. */
int db_list(struct db *db, const struct db_table *t, const struct db_where *w, void *list,
	    struct err *err) MUST_CHECK;

/*
 * Runs one statement in a transaction of its own. what: when no row changed, the result
 * is ERR_NOT_FOUND with "no WHAT"; NULL: that is not an error.
 */
int db_change(struct db *db, const char *what, struct err *err, const char *sql,
	      const char *types, ...) MUST_CHECK;

void db_row_done(const struct db_table *t, void *row);
void db_rows_done(const struct db_table *t, void *list);

/* X_done() and X_list_done() of model.h. */
#define DB_MODEL_DONE(type, table)                   \
	void type##_done(struct type *o)             \
	{                                            \
		db_row_done(&(table), o);            \
	}                                            \
	void type##_list_done(struct type##_list *l) \
	{                                            \
		db_rows_done(&(table), l);           \
	}                                            \
	struct db_model_takes_a_semicolon

/* X_name() and X_from_name(). */
const char *db_enum_name(const char *const *names, int value);
int db_enum_from_name(const char *const *names, const char *name);
#define DB_MODEL_NAMES(type, enumeration, names)       \
	const char *type##_name(enumeration v)         \
	{                                              \
		return db_enum_name(names, (int)v);    \
	}                                              \
	int type##_from_name(const char *name)         \
	{                                              \
		return db_enum_from_name(names, name); \
	}                                              \
	struct db_model_takes_a_semicolon

#define TEXT(type, m, fl)                                        \
	{                                                        \
#m, COL_TEXT, offsetof(struct type, m), fl, NULL \
	}
#define INTEGER(type, m, fl)                                    \
	{                                                       \
#m, COL_INT, offsetof(struct type, m), fl, NULL \
	}
#define REAL(type, m, fl)                                        \
	{                                                        \
#m, COL_REAL, offsetof(struct type, m), fl, NULL \
	}
#define BOOL(type, m, fl)                                        \
	{                                                        \
#m, COL_BOOL, offsetof(struct type, m), fl, NULL \
	}
#define ENUM(type, m, fl, names)                                  \
	{                                                         \
#m, COL_ENUM, offsetof(struct type, m), fl, names \
	}

#endif
