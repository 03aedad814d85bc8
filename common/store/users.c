/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "users.h"

#include "call.h"
#include "check.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

/* ---------------------------------------------------------------- one call */

struct result {
	bool done;
	int rc;
	json_t *doc;
	struct err *err;
};

static void on_answer(struct store_call *c, const json_t *doc, const struct err *err)
{
	struct result *r = c->arg;

	r->done = true;
	r->rc = err ? err->code : 0;
	r->doc = err ? NULL : json_incref((json_t *)(uintptr_t)doc);
	if (err && r->err)
		*r->err = *err;
}

static struct store_call *begin(struct store_sync *s, const char *path)
{
	return store_call_new(store_sync_store(s), path, false, on_answer, NULL);
}

/* Every call ends within its time limit, so this returns. ret_doc may be NULL. */
static int end(struct store_sync *s, struct store_call *c, json_t **ret_doc,
	       struct err *err)
{
	struct result r = { .err = err };

	/* cppcheck-suppress autoVariables ; the call is over before r is */
	c->arg = &r;
	store_call_send(c);
	while (!r.done)
		loop_once(store_sync_loop(s), -1);
	if (ret_doc)
		*ret_doc = r.doc;
	else
		json_decref(r.doc);
	return r.rc;
}

/* With up to two members of text. */
static int call(struct store_sync *s, const char *path, const char *name,
		const char *value, const char *name2, const char *value2, struct err *err)
{
	struct store_call *c = begin(s, path);

	if (name)
		ejson_add_text(&c->body, name, value);
	if (name2)
		ejson_add_text(&c->body, name2, value2);
	return end(s, c, NULL, err);
}

/* ---------------------------------------------------------------- users */

int store_sync_users_asked(struct store_sync *s, bool *ret, struct err *err)
{
	/* Whatever it answers, it has said whether it knows users. */
	int rc = call(s, "/v3/auth/user/list", NULL, NULL, NULL, NULL, err);
	enum store_users_asked known = store_users_asked(store_sync_store(s));

	if (known == STORE_USERS_UNKNOWN)
		return rc < 0 ? rc : err_set(err, ERR_PROTO, "no user is given");
	*ret = known == STORE_USERS_ON;
	return 0;
}

int store_sync_users_enable(struct store_sync *s, struct err *err)
{
	return call(s, "/v3/auth/enable", NULL, NULL, NULL, NULL, err);
}

int store_sync_inner_read(struct store_sync *s, const char *key, struct err *err)
{
	struct store_call *c = begin(s, "/v3/kv/txn");

	ejson_open(&c->body, "success", '[');
	ejson_open(&c->body, NULL, '{');
	ejson_open(&c->body, "request_txn", '{');
	ejson_open(&c->body, "success", '[');
	ejson_open(&c->body, NULL, '{');
	ejson_open(&c->body, "request_range", '{');
	store_wire_add_range(&c->body, key, NULL);
	for (const char *bracket = "}}]}}]"; *bracket; bracket++)
		ejson_close(&c->body, *bracket);
	return end(s, c, NULL, err);
}

int store_sync_user_add(struct store_sync *s, const char *user, const char *password,
			struct err *err)
{
	return call(s, "/v3/auth/user/add", "name", user, "password", password, err);
}

int store_sync_user_password(struct store_sync *s, const char *user, const char *password,
			     struct err *err)
{
	return call(s, "/v3/auth/user/changepw", "name", user, "password", password, err);
}

int store_sync_user_delete(struct store_sync *s, const char *user, struct err *err)
{
	return call(s, "/v3/auth/user/delete", "name", user, NULL, NULL, err);
}

int store_sync_user_grant(struct store_sync *s, const char *user, const char *role,
			  struct err *err)
{
	return call(s, "/v3/auth/user/grant", "user", user, "role", role, err);
}

int store_sync_user_list(struct store_sync *s, char ***ret, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *list;
	size_t n = 0;
	int rc = end(s, begin(s, "/v3/auth/user/list"), &doc, err);

	if (rc == 0)
		rc = ejson_read_array(doc, "users", &list, err);
	if (rc < 0)
		return rc;
	*ret = xcalloc(json_array_size(list) + 1, sizeof(**ret));
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_string(json_array_get(list, i)))
			(*ret)[n++] = xstrdup(json_string_value(json_array_get(list, i)));
	return 0;
}

/* ---------------------------------------------------------------- roles */

int store_sync_role_add(struct store_sync *s, const char *role, struct err *err)
{
	return call(s, "/v3/auth/role/add", "name", role, NULL, NULL, err);
}

int store_sync_role_delete(struct store_sync *s, const char *role, struct err *err)
{
	return call(s, "/v3/auth/role/delete", "role", role, NULL, NULL, err);
}

void store_permissions_done(struct store_permissions *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].key);
		free(p->v[i].end);
	}
	free(p->v);
	*p = (struct store_permissions){ 0 };
}

static int read_permission(const json_t *o, struct store_permission *ret, struct err *err)
{
	static const char *const kinds[] = { "READ", "WRITE", "READWRITE", NULL };
	size_t len, end_len = 0;
	int kind;
	int rc = ejson_read_enum(o, "permType", kinds, &kind, err);

	if (rc == 0)
		rc = ejson_read_bytes(o, "key", &ret->key, &len, err);
	if (rc == 0)
		rc = ejson_read_bytes(o, "range_end", &ret->end, &end_len, err);
	if (rc < 0)
		return rc;
	if (!end_len)
		free(TAKE(ret->end));
	ret->may_read = kind != 1;
	ret->may_write = kind != 0;
	return 0;
}

int store_sync_role_get(struct store_sync *s, const char *role,
			struct store_permissions *ret, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(store_permissions_done) struct store_permissions p = { 0 };
	struct store_call *c = begin(s, "/v3/auth/role/get");
	const json_t *list;
	int rc;

	ejson_add_text(&c->body, "role", role);
	rc = end(s, c, &doc, err);
	if (rc == 0)
		rc = ejson_read_array(doc, "perm", &list, err);
	if (rc < 0)
		return rc;
	p.v = xcalloc(json_array_size(list) + 1, sizeof(*p.v));
	for (; rc == 0 && p.n < json_array_size(list); p.n++)
		rc = read_permission(json_array_get(list, p.n), &p.v[p.n], err);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct store_permissions){ 0 };
	return 0;
}

int store_sync_role_grant(struct store_sync *s, const char *role,
			  const struct store_permission *p, struct err *err)
{
	struct store_call *c = begin(s, "/v3/auth/role/grant");

	ejson_add_text(&c->body, "name", role);
	ejson_open(&c->body, "perm", '{');
	ejson_add_word(&c->body, "permType",
		       !p->may_write ? "READ"
		       : p->may_read ? "READWRITE"
				     : "WRITE");
	store_wire_add_range(&c->body, p->key, p->end);
	ejson_close(&c->body, '}');
	return end(s, c, NULL, err);
}

int store_sync_role_revoke(struct store_sync *s, const char *role,
			   const struct store_permission *p, struct err *err)
{
	struct store_call *c = begin(s, "/v3/auth/role/revoke");

	ejson_add_text(&c->body, "role", role);
	store_wire_add_range(&c->body, p->key, p->end);
	return end(s, c, NULL, err);
}
