/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drills.c - drills: started, and their reports, which grow while one runs.
 */
#include "handlers.h"

#include "drill.h"
#include "hold_guard.h"

#define FOR_MS 60000

static int read_request(struct request *r, json_t **ret_body, struct drill_request *ret,
			struct err *err)
{
	static const char *const keys[] = { "stack", "window", "host", "for", NULL };
	struct drill_request q = { .owner = r->who, .for_ms = FOR_MS };
	int rc = request_json(r, keys, ret_body, err);

	if (rc == 0)
		rc = jread_str(*ret_body, "stack", &q.stack, err);
	if (rc == 0)
		rc = jread_str_opt(*ret_body, "window", &q.window, err);
	if (rc == 0)
		rc = jread_str_opt(*ret_body, "host", &q.host, err);
	if (rc == 0)
		rc = jread_duration_opt(*ret_body, "for", &q.for_ms, err);
	if (rc == 0)
		*ret = q;
	return rc;
}

/* A hold cannot be forced here; the document names it. */
static int check_hold(struct request *r, const char *stack, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	json_t *holds = json_array();
	int rc = db_stack_get(r->api->db, stack, &s, err);

	if (rc == 0)
		rc = hold_guard_add(r, holds, stack, NULL, err);
	if (rc == 0 && json_array_size(holds) > 0)
		r->fail_more = json_pack("{s:O}", "holds", holds);
	json_decref(holds);
	return rc;
}

int api_drill_post(struct request *r, struct err *err)
{
	CLEANUP(json_decref) json_t *body = NULL;
	struct drill_request q;
	json_t *doc = NULL;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (!API_HOOK(r, drill))
		return request_absent(err, "a drill");
	if (rc == 0)
		rc = read_request(r, &body, &q, err);
	if (rc == 0)
		rc = check_hold(r, q.stack, err);
	if (rc == 0)
		rc = API_HOOK(r, drill)(API_HOOK(r, arg), &q, dry_run, &doc, err);
	if (rc < 0)
		return rc;
	if (!dry_run &&
	    asprintf(&r->location, "/v1/drills/%lld",
		     (long long)json_integer_value(json_object_get(doc, "id"))) < 0)
		r->location = NULL;
	reply_json(r, dry_run ? 200 : 201, doc);
	return 0;
}

/* They are few, as old ones are deleted: a page is cut from all of them. */
int api_drill_list(struct request *r, struct err *err)
{
	CLEANUP(db_drill_list_done) struct db_drill_list all = { NULL, 0 };
	int64_t after;
	size_t limit;
	json_t *items;
	int rc = request_page_id(r, &limit, &after, err);

	if (rc == 0)
		rc = db_drill_list(r->api->db, request_query(r, "stack"), &all, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= limit; i++)
		if (after == 0 || all.v[i].id < after)
			json_array_append_new(items, drill_json(&all.v[i]));
	reply_items(r, items, limit, "id");
	return 0;
}

int api_drill_get(struct request *r, struct err *err)
{
	CLEANUP(db_drill_done) struct db_drill row = { .id = 0 };
	int64_t id;
	int rc;

	if (conf_parse_int(r->args[0], &id, NULL) < 0 || id < 1)
		return err_set(err, ERR_NOT_FOUND, "there is no drill '%s'", r->args[0]);
	rc = db_drill_get(r->api->db, id, &row, err);
	if (rc == 0)
		reply_json(r, 200, drill_json(&row));
	return rc;
}
