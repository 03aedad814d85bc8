/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificate of a name is the one in use. */
#include "db.h"
#include "sql.h"

#include <string.h>

#define ENDED_MAX 100 /* at once */

static const struct db_col columns[] = {
	TEXT(db_certificate, name, COL_KEY),   TEXT(db_certificate, serial, 0),
	INTEGER(db_certificate, issued_ms, 0), TEXT(db_certificate, next_serial, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "certificate", sizeof(struct db_certificate),
				       columns };
DB_MODEL_DONE(db_certificate, table);

int db_certificate_get(struct db *db, const char *name, struct db_certificate *ret,
		       struct err *err)
{
	return db_get_text(db, &table, "name", name, ret, err);
}

/* Judged again where it is written: of two that are used at once one is the newer. */
static int use(struct db_conn *c, const char *name, const char *serial, int64_t issued_ms,
	       struct err *err)
{
	return db_run(c, err,
		      "INSERT INTO certificate (name, serial, issued_ms)"
		      " VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET"
		      " serial = ?2, issued_ms = ?3, next_serial = ''"
		      " WHERE next_serial = ?2 OR issued_ms < ?3",
		      "tti", name, serial, issued_ms);
}

int db_certificate_use(struct db *db, const char *name, const char *serial,
		       int64_t issued_ms, struct err *err)
{
	CLEANUP(db_certificate_done) struct db_certificate now = { .name = NULL };
	struct db_conn *c;
	int rc = db_certificate_get(db, name, &now, err);

	if (rc == 0 && strcmp(now.serial, serial) == 0)
		return 0;
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	if (rc == ERR_NOT_FOUND || strcmp(now.next_serial, serial) == 0 ||
	    now.issued_ms < issued_ms) {
		rc = db_write_begin(db, false, &c, err);
		if (rc == 0)
			rc = db_write_end(db, use(c, name, serial, issued_ms, err), err);
		db_certificate_done(&now);
		memset(&now, 0, sizeof(now));
		if (rc == 0)
			rc = db_certificate_get(db, name, &now, err);
		if (rc < 0)
			return rc;
	}
	return strcmp(now.serial, serial) == 0
		       ? 0
		       : err_set(err, ERR_DENIED,
				 "this certificate of %s was replaced by a newer one",
				 name);
}

int db_certificate_issued(struct db *db, const char *name, const char *serial,
			  struct err *err)
{
	int rc = db_change(db, "certificate", err,
			   "UPDATE certificate SET next_serial = ?2 WHERE name = ?1",
			   "tt", name, serial);

	return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* ---------------------------------------------------------------- hosts that ended */

static const struct db_col ended_columns[] = {
	TEXT(db_ended_host, host, COL_KEY),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table ended_table = { "host_ended", sizeof(struct db_ended_host),
					     ended_columns };
DB_MODEL_DONE(db_ended_host, ended_table);

int db_ended_hosts(struct db *db, struct db_ended_host_list *ret, struct err *err)
{
	CLEANUP(db_where_done) struct db_where w;

	db_where_init(&w);
	db_where_order(&w, "host", ENDED_MAX);
	return db_list(db, &ended_table, &w, ret, err);
}

static int settle(struct db_conn *c, const char *host, bool is_over, struct err *err)
{
	int rc = db_run(c, err, "DELETE FROM host_ended WHERE host = ?1", "t", host);

	if (rc == 0 && is_over)
		rc = db_run(
			c, err,
			"DELETE FROM certificate WHERE name IN (?1, ?1 || ':programs')",
			"t", host);
	return rc;
}

int db_ended_host_settled(struct db *db, const char *host, bool is_over, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	return rc < 0 ? rc : db_write_end(db, settle(c, host, is_over, err), err);
}
