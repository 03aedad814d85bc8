/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stack_change.h"

#include "check.h"
#include "clock.h"
#include "handlers.h"
#include "hold_guard.h"
#include "removals.h"
#include "shown.h"
#include "stack_base.h"
#include "stack_holds.h"
#include "stacks.h"

#include <string.h>

#define TRIES 5 /* to apply what was compared */

/* That is in force; 0: there is no such stack. */
static int version_of(struct db *db, const char *name, int64_t *ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	int rc = db_stack_get(db, name, &s, err);

	*ret = rc == 0 ? s.version : 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
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
	int64_t now_ms;
	char base[STACK_BASE]; /* that it was compared with */
	bool is_stale;         /* it is another by now */
};

static void change_init(struct change *c, struct request *r, const char *name)
{
	*c = (struct change){
		.r = r, .name = name, .holds = json_array(), .now_ms = clock_now_ms()
	};
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
		rc = stack_holds(c->r, c->s, c->holds, err);
	return rc;
}

/* What it would do, and whether it may. Old and new texts are parsed for it, so no
 * transaction waits for it. */
static int compare(struct change *c, struct err *err)
{
	struct db *db = c->r->api->db;
	int rc = stack_base(db, c->name, c->now_ms, c->base, err);

	c->is_stale = false;
	json_decref(c->changes);
	c->changes = NULL;
	json_array_clear(c->holds);
	if (rc == 0)
		rc = see_changes(db, c, err);
	if (rc == 0)
		rc = check_change(c, err);
	c->dry_run = c->dry_run || json_array_size(c->changes) == 0;
	return rc;
}

/* What is applied is what was compared: nothing that was looked at has changed since. */
static int put_stack(struct db *db, void *arg, struct err *err)
{
	struct change *c = arg;
	char base[STACK_BASE];
	int rc = stack_base(db, c->name, c->now_ms, base, err);

	c->is_stale = rc == 0 && strcmp(base, c->base) != 0;
	if (rc < 0 || c->is_stale)
		return rc;
	rc = stack_apply(db, c->s, c->text, c->version, clock_now_ms(), &c->version, err);
	if (rc == ERR_CONFLICT)
		c->r->fail_status = 412;
	return rc;
}

/* Compared again when something changed meanwhile. */
static int compare_and_put(struct change *c, struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		int rc = compare(c, err);

		if (rc == 0 && !c->dry_run)
			rc = db_tx(c->r->api->db, put_stack, c, err);
		if (rc < 0 || !c->is_stale)
			return rc;
	}
	return err_set(err, ERR_CONFLICT,
		       "the stack %s is being changed by others: try again", c->name);
}

int api_stack_change(struct request *r, const struct stack_file *s, const char *text,
		     bool dry_run, json_t **ret, struct err *err)
{
	CLEANUP(change_done) struct change c;
	int rc = stack_check_whole(r, s, err);

	change_init(&c, r, s->name);
	c.s = s;
	c.text = text;
	c.dry_run = dry_run;
	/* They refuse nothing, and comparing all schedules takes time: the database waits
	 * for none of it. */
	if (rc == 0)
		rc = stack_warnings(r->api->db, s, &c.warnings, err);
	if (rc == 0)
		rc = compare_and_put(&c, err);
	if (rc < 0)
		return rc;
	if (!c.dry_run) {
		stack_set_etag(r, c.version);
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
