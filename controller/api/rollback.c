/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollback.c - earlier versions of a stack.
 */
#include "handlers.h"

#include "check.h"
#include "stack_change.h"
#include "text.h"

static json_t *version_json(const struct db_stack_version *v, int64_t in_force)
{
	return json_pack("{s:I, s:o, s:b}", "version", (json_int_t)v->version, "applied",
			 json_time(v->applied_ms), "in_force", v->version == in_force);
}

/* Newest first; there are at most DB_STACK_VERSIONS. */
int api_stack_versions(struct request *r, struct err *err)
{
	CLEANUP(db_stack_version_list_done) struct db_stack_version_list l = { 0 };
	CLEANUP(db_stack_done) struct db_stack now = { 0 };
	int64_t before;
	size_t limit;
	json_t *items;
	int rc = request_page_id(r, &limit, &before, err);

	if (rc == 0)
		rc = db_stack_get(r->api->db, r->args[0], &now, err);
	if (rc == 0)
		rc = db_stack_version_list(r->api->db, r->args[0], &l, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < l.n && json_array_size(items) <= limit; i++)
		if (!before || l.v[i].version < before)
			json_array_append_new(items, version_json(&l.v[i], now.version));
	reply_items(r, items, limit, "version");
	return 0;
}

static int find(struct request *r, const json_t *body, struct db_stack_version *ret,
		struct err *err)
{
	int64_t version = 0;
	int rc = jread_int_opt(body, "version", &version, err);

	if (rc < 0)
		return rc;
	return json_object_get(body, "version")
		       ? stack_find_version(r->api->db, r->args[0], version, ret, err)
		       : stack_find_default(r->api->db, r->args[0], ret, err);
}

int api_stack_rollback(struct request *r, struct err *err)
{
	static const char *const keys[] = { "version", NULL };
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	CLEANUP(json_decref) json_t *body = NULL;
	json_t *doc;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = find(r, body, &v, err);
	if (rc == 0)
		rc = stack_file_parse(v.text_json, &s, err);
	if (rc == 0)
		rc = api_stack_change(r, s, v.text_json, dry_run, &doc, err);
	if (rc < 0)
		return rc;
	json_object_set_new(doc, "back_to", json_integer(v.version));
	reply_json(r, 200, doc);
	return 0;
}
