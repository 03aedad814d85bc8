/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "stack_change.h"
#include "stacks.h"
#include "tier_options.h"
#include "tiers.h"

#include <string.h>

static json_t *stack_json(const struct db_stack *s, bool with_files)
{
	json_t *doc =
		json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", s->name, "timezone",
			  s->timezone, "domain", s->domain, "version",
			  (json_int_t)s->version, "applied", json_time(s->applied_ms));

	if (with_files)
		json_object_set_new(doc, "files", json_of_text(s->text_json));
	return doc;
}

/* Announced events and their uplift, one item per tier and event. */
int api_stack_events(struct request *r, struct err *err)
{
	static const char *const keys[] = { "tier", "name", NULL };
	CLEANUP(event_view_done) struct event_view v = { 0 };
	const int64_t now_ms = clock_now_ms();
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	const char *tier = request_query(r, "tier");
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = event_view_read(r->api->db, r->args[0], now_ms, &v, err);
	if (rc == 0 && tier)
		rc = db_tier_get(r->api->db, r->args[0], tier, &t, err);
	if (rc == 0)
		rc = event_view_json(&v, r->api->db, tier, now_ms, &items, err);
	if (rc == 0)
		reply_sorted(r, items, &page, keys);
	return rc;
}

int api_stack_list(struct request *r, struct err *err)
{
	CLEANUP(db_stack_list_done) struct db_stack_list all = { NULL, 0 };
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = db_stack_list(r->api->db, &all, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= page.limit; i++)
		if (strcmp(all.v[i].name, page.after) > 0)
			json_array_append_new(items, stack_json(&all.v[i], false));
	reply_items(r, items, page.limit, "name");
	return 0;
}

static void set_etag(struct request *r, int64_t version)
{
	free(r->etag);
	r->etag = xasprintf("\"v%lld\"", (long long)version);
}

int api_stack_get(struct request *r, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	int rc = db_stack_get(r->api->db, r->args[0], &s, err);

	if (rc < 0)
		return rc;
	set_etag(r, s.version);
	reply_json(r, 200, stack_json(&s, true));
	return 0;
}

/*
 * The version that must be current: any without If-Match, 0 when If-None-Match requires
 * that the stack does not exist. Fails with 412 when it is not.
 */
static int expected_version(struct request *r, const char *name, int64_t *ret,
			    struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	const char *match = request_header(r, "If-Match");
	const char *none = request_header(r, "If-None-Match");
	char etag[32] = "";
	int rc;

	*ret = STACK_ANY_VERSION;
	if (!match && !none)
		return 0;
	rc = db_stack_get(r->api->db, name, &s, err);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	if (rc == 0)
		snprintf(etag, sizeof(etag), "\"v%lld\"", (long long)s.version);
	if ((match && (!*etag || (strcmp(match, "*") != 0 && !strstr(match, etag)))) ||
	    (none && *etag && (strcmp(none, "*") == 0 || strstr(none, etag))))
		return request_fail(r, 412, err, "the stack %s is at version %lld", name,
				    (long long)s.version);
	*ret = s.version;
	return 0;
}

/* Checks by the rest of the controller. */
static int check_outside(struct request *r, const struct stack_file *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->pools.n && API_HOOK(r, check_pool); i++) {
		rc = API_HOOK(r, check_pool)(API_HOOK(r, arg), &s->pools.v[i], err);
		if (rc < 0)
			rc = err_wrap(err, rc, "stack.conf: [pool %s]",
				      s->pools.v[i].name);
	}
	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++) {
		rc = api_tier_check(r, &s->tiers.v[i], err);
		if (rc < 0)
			rc = err_wrap(err, rc, "stack.conf: [tier %s]",
				      s->tiers.v[i].name);
	}
	return rc;
}

/* Events from now on: a rule may repeat too often. */
static int check_events(const struct stack_file *s, struct err *err)
{
	CLEANUP(tz_free) struct tz *zone = NULL;
	CLEANUP(event_list_done) struct event_list l = { 0 };
	int rc = tz_open(s->timezone, &zone, err);

	return rc < 0 ? rc : event_list_read(&s->events, zone, clock_now_ms(), &l, err);
}

static int read_stack(struct request *r, struct stack_file **ret, char **ret_text,
		      struct err *err)
{
	static const char *const keys[] = { "files", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	const json_t *files;
	int rc = request_json(r, keys, &body, err);

	if (rc < 0)
		return rc;
	files = json_object_get(body, "files");
	rc = stack_file_read(files, &s, err);
	if (rc == 0 && strcmp(s->name, r->args[0]) != 0)
		rc = err_set(err, ERR_INVAL, "stack.conf names the stack %s, the URL %s",
			     s->name, r->args[0]);
	if (rc < 0)
		return rc;
	*ret_text = stack_file_canonical(files);
	*ret = TAKE(s);
	return 0;
}

static int check(struct request *r, const struct stack_file *s, struct err *err)
{
	int rc = check_events(s, err);

	if (rc == 0) {
		/* Whatever is missing, the stack is invalid. */
		rc = check_outside(r, s, err);
		if (rc < 0 && !err_is_transient(rc))
			r->fail_status = 400;
	}
	return rc < 0 ? rc : stack_check(r->api->db, s, err);
}

static json_t *changes_json(json_t *changes, json_t *warnings, bool applied,
			    int64_t version)
{
	return json_pack("{s:o, s:o, s:b, s:I}", "changes", changes, "warnings", warnings,
			 "applied", applied, "version", (json_int_t)version);
}

static int apply(struct request *r, const struct stack_file *s, const char *text,
		 int64_t *version, struct err *err)
{
	int rc = stack_apply(r->api->db, s, text, *version, clock_now_ms(), version, err);

	if (rc == ERR_CONFLICT)
		r->fail_status = 412;
	if (rc < 0)
		return rc;
	set_etag(r, *version);
	api_event(r, "stack-applied", s->name, "", "", "%s applied version %lld of %s",
		  r->who, (long long)*version, s->name);
	api_poke(r, "stack");
	return 0;
}

int api_stack_change(struct request *r, const struct stack_file *s, const char *text,
		     bool dry_run, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *changes = NULL;
	CLEANUP(json_decref) json_t *warnings = NULL;
	int64_t version;
	int rc = check(r, s, err);

	if (rc == 0)
		rc = expected_version(r, s->name, &version, err);
	if (rc == 0)
		rc = stack_diff(r->api->db, s, text, &changes, err);
	if (rc == 0)
		rc = stack_add_endings(r->api->db, s, clock_now_ms(), changes, err);
	if (rc == 0)
		rc = stack_warnings(r->api->db, s, &warnings, err);
	if (rc < 0)
		return rc;
	dry_run = dry_run || json_array_size(changes) == 0;
	if (!dry_run)
		rc = apply(r, s, text, &version, err);
	if (rc == 0)
		*ret = changes_json(TAKE(changes), TAKE(warnings), !dry_run,
				    MAX(version, 0));
	return rc;
}

int api_stack_put(struct request *r, struct err *err)
{
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	CLEANUP(free) char *text = NULL;
	json_t *doc;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = read_stack(r, &s, &text, err);
	if (rc == 0)
		rc = api_stack_change(r, s, text, dry_run, &doc, err);
	if (rc == 0)
		reply_json(r, 200, doc);
	return rc;
}

/* Removals of everything in the stack. */
static int removals(struct request *r, const char *name, json_t *to, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	int rc = db_tier_list(r->api->db, name, &tiers, err);

	if (rc == 0)
		rc = db_pool_list(r->api->db, &pools, err);
	if (rc < 0)
		return rc;
	json_array_append_new(to, json_pack("{s:s, s:s, s:s, s:s}", "action", "remove",
					    "kind", "stack", "name", name, "detail", ""));
	for (size_t i = 0; i < tiers.n; i++)
		json_array_append_new(to, json_pack("{s:s, s:s, s:s, s:s}", "action",
						    "remove", "kind", "tier", "name",
						    tiers.v[i].name, "detail",
						    "its units are drained and stopped"));
	for (size_t i = 0; i < pools.n; i++)
		if (strcmp(pools.v[i].stack, name) == 0)
			json_array_append_new(
				to,
				json_pack("{s:s, s:s, s:s, s:s}", "action", "remove",
					  "kind", "pool", "name", pools.v[i].name,
					  "detail", "its hosts are drained and removed"));
	return 0;
}

int api_stack_delete(struct request *r, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(json_decref) json_t *changes = json_array();
	int64_t version;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = db_stack_get(r->api->db, r->args[0], &s, err);
	if (rc == 0)
		rc = expected_version(r, s.name, &version, err);
	if (rc == 0)
		rc = removals(r, s.name, changes, err);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		rc = stack_remove(r->api->db, s.name, version, err);
		if (rc < 0)
			return rc;
		api_event(r, "stack-deleted", s.name, "", "", "%s deleted %s", r->who,
			  s.name);
		api_poke(r, "stack");
	}
	reply_json(r, 200,
		   changes_json(TAKE(changes), json_array(), !dry_run, s.version));
	return 0;
}
