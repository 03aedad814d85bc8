/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts and their states. */
#include "db.h"
#include "sql.h"

#include "check.h"

#include <math.h>
#include <string.h>

static const char *const states[] = { "requested",   "booting", "up",     "draining",
				      "terminating", "gone",    "failed", NULL };
DB_MODEL_NAMES(db_host_state, enum db_host_state, states);

static const struct db_col columns[] = {
	TEXT(db_host, id, COL_KEY),
	TEXT(db_host, pool, 0),
	TEXT(db_host, launch_id, 0),
	TEXT(db_host, vm_id, 0),
	ENUM(db_host, state, 0, states),
	TEXT(db_host, address, 0),
	INTEGER(db_host, requested_ms, 0),
	INTEGER(db_host, booted_ms, 0),
	INTEGER(db_host, joined_ms, 0),
	INTEGER(db_host, ready_ms, 0),
	INTEGER(db_host, seen_ms, 0),
	INTEGER(db_host, gone_ms, 0),
	REAL(db_host, cpu, 0),
	INTEGER(db_host, memory_bytes, 0),
	TEXT(db_host, metadata_json, 0),
	TEXT(db_host, join_token_hash, 0),
	BOOL(db_host, join_token_used, 0),
	TEXT(db_host, cert_serial, 0),
	TEXT(db_host, message, 0),
	INTEGER(db_host, listed_ms, 0),
	INTEGER(db_host, adopted_ms, 0),
	TEXT(db_host, type, 0),
	BOOL(db_host, is_spot, 0),
	INTEGER(db_host, counted_ms, COL_STATE),
	INTEGER(db_host, paid_ms, COL_STATE),
	BOOL(db_host, is_counted, 0),
	INTEGER(db_host, unknown_ms, COL_STATE),
	BOOL(db_host, is_replaced, COL_STATE),
	{ NULL, COL_TEXT, 0, 0, NULL },
};
static const struct db_table table = { "host", sizeof(struct db_host), columns };
DB_MODEL_DONE(db_host, table);

int db_host_get(struct db *db, const char *id, struct db_host *ret, struct err *err)
{
	return db_get_text(db, &table, "id", id, ret, err);
}

int db_host_list(struct db *db, const struct db_host_filter *f, struct db_host_list *ret,
		 struct err *err)
{
	static const struct db_host_filter all = { 0 };
	CLEANUP(db_where_done) struct db_where w;

	if (!f)
		f = &all;
	db_where_init(&w);
	db_where_text(&w, "pool = ?%d", f->pool);
	if (f->present)
		db_where_add(&w, "state NOT IN ('gone', 'failed')");
	if (f->gone_since_ms)
		db_where_int(&w, "gone_ms >= ?%d", f->gone_since_ms);
	if (f->uncounted)
		db_where_add(&w, "is_counted = 0");
	db_where_text(&w, "id > ?%d", f->after);
	db_where_order(&w, "id", f->limit);
	return db_list(db, &table, &w, ret, err);
}

int db_host_put(struct db *db, const struct db_host *h, struct err *err)
{
	/* SQLite has no such number, and would say that a column is empty. */
	if (!isfinite(h->cpu))
		return err_set(err, ERR_INVAL, "host '%s': its cores are not a number",
			       h->id);
	return db_put_one(db, &table, h, err);
}

int db_host_ready(struct db *db, const char *id, int64_t now_ms, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(db, what, err,
			 "UPDATE host SET ready_ms = ?2,"
			 " message = iif(state IN ('requested', 'booting', 'up'), '',"
			 "  message),"
			 " state = iif(state IN ('requested', 'booting', 'up'), 'up',"
			 "  state),"
			 " joined_ms = iif(joined_ms = 0, ?2, joined_ms) WHERE id = ?1",
			 "ti", id, now_ms);
}

int db_host_set_state(struct db *db, const char *id, enum db_host_state state,
		      const char *message, int64_t now_ms, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(
		db, what, err,
		"UPDATE host SET state = ?2, message = ?3,"
		" booted_ms = iif(?2 = 'booting' AND booted_ms = 0, ?4, booted_ms),"
		" joined_ms = iif(?2 = 'up' AND joined_ms = 0, ?4, joined_ms),"
		" gone_ms = iif(?2 IN ('gone', 'failed') AND gone_ms = 0, ?4, gone_ms)"
		" WHERE id = ?1",
		"ttti", id, db_host_state_name(state), message, now_ms);
}

int db_host_set_token(struct db *db, const char *id, const char *token_hash,
		      struct err *err)
{
	int rc = db_change(db, "such host", err,
			   "UPDATE host SET join_token_hash = ?2 WHERE id = ?1"
			   " AND join_token_used = 0",
			   "tt", id, token_hash);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_CONFLICT,
			       "host '%s' is not expected, or has joined", id);
	return rc;
}

static int seen_all(struct db_conn *c, const char *const *ids, size_t n, int64_t now_ms,
		    struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = db_run(c, err, "UPDATE host SET seen_ms = ?2 WHERE id = ?1",
				"ti", ids[i], now_ms);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int db_hosts_seen(struct db *db, const char *const *ids, size_t n, int64_t now_ms,
		  struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, seen_all(c, ids, n, now_ms, err), err);
}

int db_host_join(struct db *db, const char *id, const char *token_hash,
		 const char *address, const char *cert_serial, int64_t now_ms,
		 struct err *err)
{
	int rc;

	if (!token_hash || !*token_hash)
		return err_set(err, ERR_DENIED, "no join token");
	/* One statement: of two concurrent joins with the same token only
	 * one succeeds. */
	rc = db_change(
		db, "such host", err,
		"UPDATE host SET join_token_used = 1, state = 'up', joined_ms = ?5,"
		" seen_ms = ?5, address = ?3, cert_serial = ?4,"
		" booted_ms = iif(booted_ms = 0, ?5, booted_ms), message = ''"
		" WHERE id = ?1 AND join_token_hash = ?2 AND join_token_used = 0"
		" AND state IN ('requested', 'booting')",
		"tttti", id, token_hash, address, cert_serial, now_ms);
	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_DENIED,
			       "host '%s' is not expected, or its join token is wrong or "
			       "was used",
			       id);
	return rc;
}

int db_host_move(struct db *db, const char *id, const char *address, struct err *err)
{
	return db_change(db, "host to move", err,
			 "UPDATE host SET address = ?2 WHERE id = ?1 AND address <> ?2"
			 " AND NOT EXISTS (SELECT 1 FROM host WHERE address = ?2 AND"
			 " state NOT IN ('gone', 'failed'))",
			 "tt", id, address);
}

int db_host_gone(struct db *db, const char *id, const char *message, int64_t now_ms,
		 struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_host_set_state(db, id, DB_HOST_GONE, message, now_ms, err);
	if (rc == 0)
		rc = db_run(c, err,
			    "UPDATE unit SET host = '', placed_ms = 0, healthy_ms = 0,"
			    " active = '', sub = '', health = '', drained = 0,"
			    " message = '', epoch = 0 WHERE host = ?1",
			    "t", id);
	/* A launch whose answer is not known has no id to be ended by: its VM may still
	 * appear. */
	if (rc == 0)
		rc = db_run(c, err,
			    "UPDATE launch SET error = ?2, updated_ms = ?3,"
			    " state = iif(state = 'intended', 'failed', 'lost')"
			    " WHERE state IN ('intended', 'sent', 'unknown') AND"
			    " launch_id = (SELECT launch_id FROM host WHERE id = ?1)",
			    "tti", id, message, now_ms);
	return db_write_end(db, rc, err);
}

int db_host_listed(struct db *db, const char *id, const char *type, bool is_spot,
		   int64_t now_ms, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(db, what, err,
			 "UPDATE host SET listed_ms = ?2, type = ?3,"
			 " is_spot = ?4 WHERE id = ?1",
			 "titi", id, now_ms, type, (int64_t)is_spot);
}

int db_host_set_type(struct db *db, const char *id, const char *type, bool is_spot,
		     struct err *err)
{
	return db_change(db, NULL, err,
			 "UPDATE host SET type = ?2, is_spot = ?3 WHERE id = ?1", "tti",
			 id, type, (int64_t)is_spot);
}

int db_host_count(struct db *db, int64_t *ret, struct err *err)
{
	struct db_conn *c;
	int rc = db_read(db, &c, err);

	return rc < 0 ? rc
		      : db_conn_int(c,
				    "SELECT count(*) FROM host"
				    " WHERE state NOT IN ('gone', 'failed')",
				    ret, err);
}

int db_host_ending(struct db *db, const char *id, int64_t now_ms, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(db, what, err,
			 "UPDATE host SET gone_ms = ?2 WHERE id = ?1"
			 " AND state != 'up'",
			 "ti", id, now_ms);
}

int db_host_set_unknown(struct db *db, const char *id, int64_t unknown_ms,
			bool is_replaced, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(db, what, err,
			 "UPDATE host SET unknown_ms = ?2, is_replaced = ?3"
			 " WHERE id = ?1",
			 "tii", id, unknown_ms, (int64_t)is_replaced);
}

int db_hosts_adopt(struct db *db, int64_t now_ms, struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, true, &c, err);

	if (rc == 0)
		rc = db_write_end(
			db,
			db_run(c, err,
			       "UPDATE host SET adopted_ms = ?1, ready_ms = 0"
			       " WHERE state NOT IN ('terminating', 'gone', 'failed')",
			       "i", now_ms),
			err);
	return rc;
}

int db_host_take_back(struct db *db, const char *id, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("host '%s'", id);

	return db_change(db, what, err,
			 "UPDATE host SET state = 'up', message = '' WHERE id = ?1"
			 " AND state = 'terminating' AND gone_ms = 0",
			 "t", id);
}
