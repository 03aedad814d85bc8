/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "hold_guard.h"
#include "removals.h"
#include "shown.h"
#include "stack_change.h"
#include "stack_holds.h"
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

/* That is in force; 0: there is no such stack. */
static int version_of(struct db *db, const char *name, int64_t *ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	int rc = db_stack_get(db, name, &s, err);

	*ret = rc == 0 ? s.version : 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
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

/* A change of a stack: what it would do, and whether it may. */
struct change {
	struct request *r;
	const char *name;
	const struct stack_file *s; /* NULL: it is deleted */
	const char *text;
	bool dry_run;
	int64_t version; /* in force; after the change: the new one */
	json_t *changes, *warnings;
	json_t *holds; /* that stand against it */
	char tag[SHOWN_TAG];
};

static void change_init(struct change *c, struct request *r, const char *name)
{
	*c = (struct change){ .r = r, .name = name, .holds = json_array() };
}

static void change_done(struct change *c)
{
	json_decref(c->changes);
	json_decref(c->warnings);
	json_decref(c->holds);
}
DEFINE_CLEANUP_OBJECT(struct change, change_done);

/* The answer, and the tag by which it is applied as it was shown. */
static json_t *change_json(struct change *c, bool applied)
{
	if (!applied && json_array_size(c->changes) > 0) {
		free(c->r->etag);
		c->r->etag = xasprintf("\"%s\"", c->tag);
	}
	return json_pack("{s:O, s:O, s:O, s:b, s:I, s:s}", "changes", c->changes,
			 "warnings", c->warnings, "holds", c->holds, "applied", applied,
			 "version", (json_int_t)c->version, "plan", c->tag);
}

/* Whether it is still what was shown, and not on hold. */
static int check_change(struct change *c, struct err *err)
{
	CLEANUP(free) char *what = NULL;
	int rc = shown_check(c->r, c->name, c->version, c->tag, err);

	if (rc == 0)
		rc = hold_guard_forced(c->r, c->holds, err);
	if (rc < 0 || c->dry_run)
		return rc;
	what = xasprintf("%s %s", c->s ? "apply this to" : "delete", c->name);
	return hold_guard(c->r, c->holds, what, err);
}

/* Which units and hosts it is, is shown, but is no part of the tag: they come and go. */
static int describe(struct db *db, struct change *c, struct err *err)
{
	shown_tag(c->version, c->changes, c->tag);
	return removals_describe(db, c->name, c->changes, err);
}

static int see_changes(struct db *db, struct change *c, struct err *err)
{
	int rc = version_of(db, c->name, &c->version, err);

	if (rc == 0)
		rc = stack_diff(db, c->s, c->text, &c->changes, err);
	if (rc == 0)
		rc = stack_add_endings(db, c->s, clock_now_ms(), c->changes, err);
	if (rc == 0)
		rc = describe(db, c, err);
	if (rc == 0)
		rc = stack_warnings(db, c->s, &c->warnings, err);
	if (rc == 0)
		rc = stack_holds(c->r, c->s, c->holds, err);
	return rc;
}

/* Compared, checked and written in one transaction: what is applied is what was shown. */
static int put_stack(struct db *db, void *arg, struct err *err)
{
	struct change *c = arg;
	int rc = see_changes(db, c, err);

	if (rc == 0)
		rc = check_change(c, err);
	c->dry_run = c->dry_run || json_array_size(c->changes) == 0;
	if (rc < 0 || c->dry_run)
		return rc;
	rc = stack_apply(db, c->s, c->text, c->version, clock_now_ms(), &c->version, err);
	if (rc == ERR_CONFLICT)
		c->r->fail_status = 412;
	return rc;
}

int api_stack_change(struct request *r, const struct stack_file *s, const char *text,
		     bool dry_run, json_t **ret, struct err *err)
{
	CLEANUP(change_done) struct change c;
	int rc = check(r, s, err);

	change_init(&c, r, s->name);
	c.s = s;
	c.text = text;
	c.dry_run = dry_run;
	if (rc == 0)
		rc = dry_run ? put_stack(r->api->db, &c, err)
			     : db_tx(r->api->db, put_stack, &c, err);
	if (rc < 0)
		return rc;
	if (!c.dry_run) {
		set_etag(r, c.version);
		api_event(r, "stack-applied", s->name, "", "",
			  "%s applied version %lld of %s", r->who, (long long)c.version,
			  s->name);
		api_poke(r, "stack");
	}
	*ret = change_json(&c, !c.dry_run);
	return 0;
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

static int delete_stack(struct db *db, void *arg, struct err *err)
{
	struct change *c = arg;
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	int rc = db_stack_get(db, c->name, &s, err);

	if (rc < 0)
		return rc;
	c->version = s.version;
	c->changes = json_array();
	c->warnings = json_array();
	rc = removals_of_stack(db, c->name, c->changes, err);
	if (rc == 0)
		rc = describe(db, c, err);
	if (rc == 0)
		rc = hold_guard_add_stack(c->r, c->holds, c->name, err);
	if (rc == 0)
		rc = check_change(c, err);
	if (rc == 0 && !c->dry_run)
		rc = stack_remove(db, c->name, c->version, err);
	return rc;
}

int api_stack_delete(struct request *r, struct err *err)
{
	CLEANUP(change_done) struct change c;
	int rc;

	change_init(&c, r, r->args[0]);
	rc = request_dry_run(r, &c.dry_run, err);
	if (rc == 0)
		rc = c.dry_run ? delete_stack(r->api->db, &c, err)
			       : db_tx(r->api->db, delete_stack, &c, err);
	if (rc < 0)
		return rc;
	if (!c.dry_run) {
		api_event(r, "stack-deleted", c.name, "", "", "%s deleted %s", r->who,
			  c.name);
		api_poke(r, "stack");
	}
	reply_json(r, 200, change_json(&c, !c.dry_run));
	return 0;
}
