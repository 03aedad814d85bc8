/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal of launches. */
#include "db.h"
#include "sql.h"

#include "check.h"

static const char *const states[] = { "intended", "sent", "done", "failed",
				      "unknown",  "lost", NULL };
DB_MODEL_NAMES(db_launch_state, enum db_launch_state, states);

static const struct db_col columns[] = {
	TEXT(db_launch, launch_id, COL_KEY),
	TEXT(db_launch, pool, 0),
	TEXT(db_launch, host, 0),
	INTEGER(db_launch, attempt, 0),
	ENUM(db_launch, state, 0, states),
	TEXT(db_launch, vm_id, 0),
	INTEGER(db_launch, created_ms, 0),
	INTEGER(db_launch, updated_ms, 0),
	TEXT(db_launch, error, 0),
	TEXT(db_launch, type, 0),
	TEXT(db_launch, zone, 0),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "launch", sizeof(struct db_launch), columns };
DB_MODEL_DONE(db_launch, table);

int db_launch_intend(struct db *db, const struct db_launch *l, const struct db_host *h,
		     struct err *err)
{
	CLEANUP(db_host_done) struct db_host old = { 0 };
	struct db_conn *c;
	int rc = db_write_begin(db, true, &c, err);

	if (rc < 0)
		return rc;
	rc = db_host_get(db, h->id, &old, err);
	if (rc == 0)
		rc = err_set(err, ERR_CONFLICT, "host '%s' already exists", h->id);
	else if (rc == ERR_NOT_FOUND)
		rc = db_insert(c, &table, l, NULL, err);
	if (rc == 0)
		rc = db_host_put(db, h, err);
	return db_write_end(db, rc, err);
}

static int move_launch(struct db *db, struct db_conn *c, const char *launch_id,
		       enum db_launch_state state, const char *vm_id, const char *error,
		       int64_t now_ms, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("launch '%s'", launch_id);
	int rc = db_change(db, what, err,
			   "UPDATE launch SET state = ?2, updated_ms = ?5,"
			   " vm_id = iif(?3 = '', vm_id, ?3),"
			   " error = iif(?4 = '', error, ?4),"
			   " attempt = attempt + (?2 = 'sent') WHERE launch_id = ?1",
			   "tttti", launch_id, db_launch_state_name(state), vm_id, error,
			   now_ms);

	if (rc == 0 && state == DB_LAUNCH_SENT)
		rc = db_run(c, err,
			    "UPDATE host SET requested_ms = ?2 WHERE launch_id = ?1",
			    "ti", launch_id, now_ms);
	if (rc == 0 && state == DB_LAUNCH_DONE)
		/* The agent may have joined before the driver's answer arrived. */
		rc = db_run(c, err,
			    "UPDATE host SET vm_id = iif(?2 = '', vm_id, ?2),"
			    " booted_ms = iif(booted_ms = 0, ?3, booted_ms),"
			    " state = iif(state = 'requested', 'booting', state)"
			    " WHERE launch_id = ?1",
			    "tti", launch_id, vm_id, now_ms);
	if (rc == 0 && (state == DB_LAUNCH_FAILED || state == DB_LAUNCH_LOST))
		rc = db_run(c, err,
			    "UPDATE host SET state = 'failed', message = ?2, gone_ms = ?3"
			    " WHERE launch_id = ?1",
			    "tti", launch_id, error, now_ms);
	return rc;
}

int db_launch_set(struct db *db, const char *launch_id, enum db_launch_state state,
		  const char *vm_id, const char *error, int64_t now_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, state == DB_LAUNCH_SENT, &c, err);

	if (rc < 0)
		return rc;
	rc = move_launch(db, c, launch_id, state, vm_id, error, now_ms, err);
	return db_write_end(db, rc, err);
}

int db_launch_send(struct db *db, const char *launch_id, const char *type,
		   const char *zone, int64_t now_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, true, &c, err);

	if (rc < 0)
		return rc;
	rc = db_run(c, err, "UPDATE launch SET type = ?2, zone = ?3 WHERE launch_id = ?1",
		    "ttt", launch_id, type, zone);
	if (rc == 0)
		rc = move_launch(db, c, launch_id, DB_LAUNCH_SENT, NULL, NULL, now_ms,
				 err);
	return db_write_end(db, rc, err);
}

int db_launch_get(struct db *db, const char *launch_id, struct db_launch *ret,
		  struct err *err)
{
	return db_get_text(db, &table, "launch_id", launch_id, ret, err);
}

int db_launch_list(struct db *db, const struct db_launch_filter *f,
		   struct db_launch_list *ret, struct err *err)
{
	static const struct db_launch_filter all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	if (f->open)
		db_where_add(&w, "state IN ('intended', 'sent', 'unknown')");
	if (f->lost)
		db_where_add(&w, "state = 'lost'");
	if (f->may_exist)
		db_where_add(&w, "state NOT IN ('intended', 'failed')");
	if (f->since_ms)
		db_where_int(&w, "updated_ms >= ?%d", f->since_ms);
	db_where_text(&w, "pool = ?%d", f->pool);
	if (f->before)
		db_where_text(&w,
			      "rowid < coalesce((SELECT rowid FROM launch"
			      " WHERE host = ?%d), 9223372036854775807)",
			      f->before);
	db_where_order(&w, f->before ? "rowid DESC" : "created_ms, launch_id", f->limit);
	return db_list(db, &table, &w, ret, err);
}
