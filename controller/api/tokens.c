/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "auth.h"
#include "clock.h"
#include "text.h"
#include "trust.h"

#include <string.h>

static json_t *token_json(const struct db_token *t)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:b}", "id", (json_int_t)t->id,
			 "name", t->name, "role", db_role_name(t->role), "created",
			 json_time(t->created_ms), "expires", json_time(t->expires_ms),
			 "last_used", json_time(t->last_used_ms), "revoked", t->revoked);
}

int api_token_list(struct request *r, struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list all = { NULL, 0 };
	int64_t after;
	size_t limit;
	json_t *items;
	int rc = request_page_id(r, &limit, &after, err);

	if (rc == 0)
		rc = db_token_list(r->api->db, &all, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= limit; i++)
		if (all.v[i].id > after)
			json_array_append_new(items, token_json(&all.v[i]));
	reply_items(r, items, limit, "id");
	return 0;
}

static int read_token(const json_t *body, struct db_token *t, const char **ret_name,
		      struct err *err)
{
	const char *role = "viewer";
	int64_t life_ms = 0;
	int number, rc = jread_line(body, "name", API_NAME_MAX - 1, ret_name, err);

	if (rc == 0)
		rc = jread_str_opt(body, "role", &role, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "for", &life_ms, err);
	if (rc == 0)
		rc = jread_time_opt(body, "expires", &t->expires_ms, err);
	if (rc < 0)
		return rc;
	number = db_role_from_name(role);
	if (number < 0)
		return err_set(err, ERR_INVAL,
			       "\"role\" must be viewer, operator or admin");
	if (life_ms && t->expires_ms)
		return err_set(err, ERR_INVAL, "give \"expires\" or \"for\", not both");
	if (life_ms)
		t->expires_ms = t->created_ms + life_ms;
	if (t->expires_ms && t->expires_ms <= t->created_ms)
		return err_set(err, ERR_INVAL, "the token would already have expired");
	t->role = (enum db_role)number;
	return 0;
}

int api_token_post(struct request *r, struct err *err)
{
	static const char *const keys[] = { "name", "role", "expires", "for", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *copy = NULL;
	char secret[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	struct db_token t = { .created_ms = clock_now_ms() };
	const char *name;
	json_t *doc;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = read_token(body, &t, &name, err);
	if (rc < 0)
		return rc;
	token_new(secret);
	token_hash(secret, hash);
	t.name = copy = strdup(name);
	t.hash = hash;
	if (!dry_run)
		rc = db_token_add(r->api->db, &t, &t.id, err);
	if (rc < 0)
		return rc;
	doc = token_json(&t);
	if (!dry_run) {
		json_object_set_new(doc, "token", json_string(secret));
		api_event(r, "token-made", "", "", "", "%s created the token '%s' (%s)",
			  r->who, name, db_role_name(t.role));
	}
	gnutls_memset(secret, 0, sizeof(secret));
	reply_json(r, dry_run ? 200 : 201, doc);
	return 0;
}

/*
 * Whether without it no admin token would be left that lasts: one with an end locks
 * everybody out when that comes. Where none lasts, the last one of any kind.
 */
static bool is_last_admin(const struct db_token_list *all, const struct db_token *gone)
{
	const int64_t now = clock_now_ms();
	size_t lasting = 0, others = 0;

	if (gone->role != DB_ROLE_ADMIN || (gone->expires_ms && gone->expires_ms <= now))
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const struct db_token *t = &all->v[i];

		if (t->id == gone->id || t->role != DB_ROLE_ADMIN || t->revoked)
			continue;
		lasting += t->expires_ms == 0;
		others += t->expires_ms == 0 || t->expires_ms > now;
	}
	return gone->expires_ms ? others == 0 : lasting == 0;
}

int api_token_delete(struct request *r, struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list all = { NULL, 0 };
	const struct db_token *t = NULL;
	bool dry_run;
	int64_t id;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0 && conf_parse_int(r->args[0], &id, NULL) < 0)
		rc = err_set(err, ERR_NOT_FOUND, "there is no token '%s'", r->args[0]);
	if (rc == 0)
		rc = db_token_list(r->api->db, &all, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].id == id && !all.v[i].revoked)
			t = &all.v[i];
	if (!t)
		return err_set(err, ERR_NOT_FOUND, "there is no token '%s'", r->args[0]);
	if (is_last_admin(&all, t))
		return err_set(err, ERR_CONFLICT,
			       "this is the last admin token that lasts: create another "
			       "one without an end first");
	if (!dry_run) {
		rc = db_token_revoke(r->api->db, id, err);
		if (rc < 0)
			return rc;
		api_event(r, "token-revoked", "", "", "", "%s revoked the token '%s'",
			  r->who, t->name);
	}
	if (strcmp(r->who, t->name) != 0) {
		reply_empty(r, 204);
		return 0;
	}
	reply_json(r, 200,
		   json_pack("{s:s}", "warning",
			     "this is the token in use: the next call needs another "
			     "one"));
	return 0;
}
