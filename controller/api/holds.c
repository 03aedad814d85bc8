/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "clock.h"
#include "text.h"

#include <string.h>

#define REASON_MAX_BYTES 500

static int id_of_path(const struct request *r, int64_t *ret, struct err *err)
{
	if (conf_parse_int(r->args[0], ret, NULL) < 0 || *ret < 1)
		return err_set(err, ERR_NOT_FOUND, "there is no hold '%s'", r->args[0]);
	return 0;
}

/* Holds are few, as old ones are deleted: a page is cut from all of them. */
int api_hold_list(struct request *r, struct err *err)
{
	CLEANUP(db_hold_list_done) struct db_hold_list all = { NULL, 0 };
	bool every = false;
	int64_t after;
	size_t limit;
	json_t *items;
	int rc = request_query_bool(r, "all", &every, err);

	if (rc == 0)
		rc = request_page_id(r, &limit, &after, err);
	if (rc == 0)
		rc = db_hold_list(r->api->db, request_query(r, "stack"),
				  every ? 0 : clock_now_ms(), &all, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= limit; i++)
		if (after == 0 || all.v[i].id < after)
			json_array_append_new(items, hold_json(&all.v[i]));
	reply_items(r, items, limit, "id");
	return 0;
}

int api_hold_get(struct request *r, struct err *err)
{
	CLEANUP(db_hold_done) struct db_hold h = { .id = 0 };
	int64_t id;
	int rc = id_of_path(r, &id, err);

	if (rc == 0)
		rc = db_hold_get(r->api->db, id, &h, err);
	if (rc == 0)
		reply_json(r, 200, hold_json(&h));
	return rc;
}

/* The stack must exist, and the tier if there is one. */
static int check_place(struct request *r, const char *stack, const char *tier,
		       struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };

	return *tier ? db_tier_get(r->api->db, stack, tier, &t, err)
		     : db_stack_get(r->api->db, stack, &s, err);
}

static int read_expiry(const json_t *body, int64_t now_ms, int64_t *ret, struct err *err)
{
	int64_t length_ms = 0;
	int rc = jread_duration_opt(body, "for", &length_ms, err);

	*ret = 0;
	if (rc == 0)
		rc = jread_time_opt(body, "expires", ret, err);
	if (rc < 0)
		return rc;
	if (length_ms && *ret)
		return err_set(err, ERR_INVAL, "give \"expires\" or \"for\", not both");
	if (length_ms)
		*ret = now_ms + length_ms;
	if (*ret && *ret <= now_ms)
		return err_set(err, ERR_INVAL, "the hold would already have expired");
	return 0;
}

int api_hold_post(struct request *r, struct err *err)
{
	static const char *const keys[] = { "stack",   "tier", "reason",
					    "expires", "for",  NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *layer = NULL;
	const char *stack, *tier = "", *reason = "";
	CLEANUP(free) char *name = NULL;
	CLEANUP(free) char *words = NULL;
	struct db_hold h = { .created_ms = clock_now_ms() };
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = jread_str(body, "stack", &stack, err);
	if (rc == 0)
		rc = jread_str_opt(body, "tier", &tier, err);
	if (rc == 0)
		rc = jread_line(body, "reason", REASON_MAX_BYTES, &reason, err);
	if (rc == 0)
		rc = read_expiry(body, h.created_ms, &h.expires_ms, err);
	if (rc == 0)
		rc = check_place(r, stack, tier, err);
	if (rc < 0)
		return rc;
	h.stack = name = strdup(stack);
	h.tier = layer = strdup(tier);
	h.reason = words = strdup(reason);
	h.owner = r->who;
	if (!dry_run)
		rc = db_hold_add(r->api->db, &h, &h.id, err);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		api_event(r, "hold-set", stack, tier, "", "%s holds %s%s%s: %s", r->who,
			  stack, *tier ? "/" : "", tier, reason);
		api_poke(r, "hold");
		if (asprintf(&r->location, "/v1/holds/%lld", (long long)h.id) < 0)
			r->location = NULL;
	}
	h.released_by = layer + strlen(layer);
	reply_json(r, dry_run ? 200 : 201, hold_json(&h));
	return 0;
}

int api_hold_delete(struct request *r, struct err *err)
{
	CLEANUP(db_hold_done) struct db_hold h = { .id = 0 };
	bool dry_run;
	int64_t id;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = id_of_path(r, &id, err);
	if (rc == 0)
		rc = db_hold_get(r->api->db, id, &h, err);
	if (rc == 0 && h.released_ms)
		rc = err_set(err, ERR_CONFLICT, "the hold was already released by %s",
			     h.released_by);
	if (rc == 0 && !dry_run)
		rc = db_hold_release(r->api->db, id, r->who, clock_now_ms(), err);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		api_event(r, "hold-released", h.stack, h.tier, "",
			  "%s released the hold "
			  "of %s on %s%s%s",
			  r->who, h.owner, h.stack, *h.tier ? "/" : "", h.tier);
		api_poke(r, "hold");
	}
	reply_empty(r, 204);
	return 0;
}
