/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of the tiers' models. */
#include "db.h"
#include "sql.h"

#include "check.h"

#include <string.h>

void db_model_state_done(struct db_model_state *s)
{
	free(s->stack);
	free(s->tier);
	free(s->kind);
	free(s->data);
	memset(s, 0, sizeof(*s));
}

void db_model_state_list_done(struct db_model_state_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		db_model_state_done(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

int db_model_state_get(struct db *db, const char *stack, const char *tier,
		       const char *kind, struct db_model_state *ret, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_conn *c;
	int rc;

	if ((rc = db_read(db, &c, err)) < 0 ||
	    (rc = db_prepare(c,
			     "SELECT data, updated_ms FROM model_state"
			     " WHERE stack = ?1 AND tier = ?2 AND kind = ?3",
			     &q, err)) < 0)
		return rc;
	db_bind(q, "ttt", stack, tier, kind);
	rc = db_step(c, q, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, ERR_NOT_FOUND, "no %s model of tier '%s/%s'", kind,
			       stack, tier);
	memset(ret, 0, sizeof(*ret));
	ret->stack = xstrdup(stack);
	ret->tier = xstrdup(tier);
	ret->kind = xstrdup(kind);
	ret->len = (size_t)sqlite3_column_bytes(q, 0);
	ret->data = xmalloc(ret->len + 1);
	if (ret->len)
		memcpy(ret->data, sqlite3_column_blob(q, 0), ret->len);
	ret->updated_ms = sqlite3_column_int64(q, 1);
	return 0;
}

static int put_all(struct db_conn *c, const struct db_model_state *s, size_t n,
		   struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = db_run(c, err,
				"INSERT INTO model_state (stack, tier, kind, data,"
				" updated_ms) VALUES (?1, ?2, ?3, ?4, ?5)"
				" ON CONFLICT (stack, tier, kind) DO UPDATE SET"
				" data = excluded.data, updated_ms = excluded.updated_ms",
				"tttbi", s[i].stack, s[i].tier, s[i].kind, s[i].data,
				s[i].len, s[i].updated_ms);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int db_model_states_put(struct db *db, const struct db_model_state *s, size_t n,
			struct err *err)
{
	struct db_conn *c;
	int rc = db_write_begin(db, false, &c, err);

	if (rc < 0)
		return rc;
	return db_write_end(db, put_all(c, s, n, err), err);
}
