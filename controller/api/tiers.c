/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "backtest_report.h"
#include "check.h"
#include "clock.h"
#include "hold_guard.h"
#include "stack_holds.h"
#include "stacks.h"
#include "text.h"
#include "tier_json.h"
#include "tier_lookup.h"
#include "tier_options.h"
#include "tier_tag.h"
#include "trust.h"

#include <string.h>

/* ---------------------------------------------------------------- reading */

/* The cursor is "stack/tier" of the last item. */
static bool is_after(const struct db_tier *t, const char *cursor)
{
	const char *slash = strchr(cursor, '/');
	size_t len = slash ? (size_t)(slash - cursor) : strlen(cursor);
	int d = strncmp(t->stack, cursor, len);

	if (d == 0 && strlen(t->stack) != len)
		d = 1;
	return d ? d > 0 : strcmp(t->name, slash ? slash + 1 : "") > 0;
}

int api_tier_list(struct request *r, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list all = { NULL, 0 };
	CLEANUP(json_decref) json_t *items = json_array();
	char next[2 * API_NAME_MAX] = "";
	const struct db_tier *last = NULL;
	struct page page;
	bool full = false;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = request_query_bool(r, "explanations", &full, err);
	if (rc == 0)
		rc = db_tier_list(r->api->db, request_query(r, "stack"), &all, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		json_t *doc;

		if (*page.after && !is_after(&all.v[i], page.after))
			continue;
		if (json_array_size(items) == page.limit) {
			snprintf(next, sizeof(next), "%s/%s", last->stack, last->name);
			break;
		}
		doc = tier_json(r, &all.v[i], err);
		if (!doc)
			return ERR_STORE;
		if (!full)
			json_object_del(doc, "explanation");
		json_array_append_new(items, doc);
		last = &all.v[i];
	}
	reply_page(r, TAKE(items), *next ? next : NULL);
	return 0;
}

/*
 * ETag "DECLARED-ALL": measured values change with each tick, so If-Match compares only
 * the first half.
 */
static void reply_tier(struct request *r, const struct db_tier *t, json_t *doc)
{
	CLEANUP(free) char *text = json_dumps(doc, JSON_COMPACT);
	char tag[TIER_TAG], hash[TOKEN_HASH_TEXT];

	tier_tag(t, tag);
	token_hash_bytes(text, strlen(text), hash);
	free(r->etag);
	r->etag = xasprintf("\"%s%.16s\"", tag, hash);
	reply_json(r, 200, doc);
}

int api_tier_get(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	json_t *doc;
	int rc = api_tier_of_path(r, &t, err);

	if (rc < 0)
		return rc;
	doc = tier_json(r, &t, err);
	if (!doc)
		return ERR_STORE;
	json_object_set_new(doc, "backtest", backtest_json(r, &t));
	reply_tier(r, &t, doc);
	return 0;
}

/* ---------------------------------------------------------------- changing */

/* Options that can be changed by hand, with the ranges of stack.conf. */
static const char *const patchable[] = {
	"mode",         "min",           "max",
	"capacity",     "capacity_unit", "risk",
	"price",        "lead_prior",    "dwell",
	"action_price", "step_out",      "step_in",
	"priority",     "demand",        "utilisation",
	"latency",      "latency_max",   "target_utilisation",
	NULL,
};

static int patch(struct db_tier *t, json_t *body, struct err *err)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach(body, key, value)
	{
		rc = api_tier_set(t, key, value, err);
		if (rc < 0)
			return rc;
	}
	if (t->min > t->max)
		return err_set(err, ERR_INVAL, "min %lld is above max %lld",
			       (long long)t->min, (long long)t->max);
	if (!strchr(t->unit, '@') && t->max > 1)
		return err_set(err, ERR_INVAL, "%s is not a template, so max must be 1",
			       t->unit);
	return 0;
}

/* What takes time, before the transaction: the body's expressions, for that tier. */
static int check_body(struct request *r, json_t *body, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = patch(&t, body, err);
	return rc < 0 ? rc : api_tier_check(r, &t, err);
}

struct change {
	struct request *r;
	struct db_tier t;
	json_t *body;
	bool dry_run;
	json_t *endings, *warnings;
	json_t *holds; /* that stand against it */
};

/* A tier on hold is not scaled by its bounds either, unless the hold is named. */
static int check_holds(struct change *c, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier was = { .name = NULL };
	CLEANUP(free) char *what = xasprintf("scale %s/%s", c->t.stack, c->t.name);
	int rc = api_tier_of_path(c->r, &was, err);

	if (rc == 0)
		rc = stack_holds_tier(c->r, &was, &c->t, c->holds, err);
	if (rc == 0)
		rc = hold_guard_forced(c->r, c->holds, err);
	return rc < 0 || c->dry_run ? rc : hold_guard(c->r, c->holds, what, err);
}

/* Read, checked and written in one transaction. */
static int change_tier(struct db *db, void *arg, struct err *err)
{
	struct change *c = arg;
	int rc = api_tier_of_path(c->r, &c->t, err);

	if (rc == 0)
		rc = tier_check_match(c->r, &c->t, err);
	if (rc == 0)
		rc = patch(&c->t, c->body, err);
	if (rc == 0)
		rc = check_holds(c, err);
	if (rc == 0)
		rc = stack_tier_add_endings(db, &c->t, clock_now_ms(), c->endings, err);
	if (rc == 0 && !c->dry_run)
		rc = db_tier_put(db, &c->t, err);
	return rc;
}

static void change_done(struct change *c)
{
	db_tier_done(&c->t);
	json_decref(c->body);
	json_decref(c->endings);
	json_decref(c->warnings);
	json_decref(c->holds);
}
DEFINE_CLEANUP_OBJECT(struct change, change_done);

/* What is in force says the tick, which has not seen the change; the answer is of it. */
static void show_declared(json_t *doc, const struct change *c)
{
	if (json_object_get(c->body, "capacity"))
		json_object_set_new(doc, "capacity", json_real(c->t.capacity));
	if (json_object_get(c->body, "demand"))
		json_object_set_new(json_object_get(doc, "demand"), "expression",
				    json_string(c->t.demand));
}

int api_tier_patch(struct request *r, struct err *err)
{
	CLEANUP(change_done)
	struct change c = { .r = r, .endings = json_array(), .holds = json_array() };
	CLEANUP(free) char *text = NULL;
	json_t *doc;
	int rc = request_dry_run(r, &c.dry_run, err);

	if (rc == 0)
		rc = request_json(r, patchable, &c.body, err);
	if (rc == 0)
		rc = check_body(r, c.body, err);
	if (rc == 0)
		rc = c.dry_run ? change_tier(r->api->db, &c, err)
			       : db_tx(r->api->db, change_tier, &c, err);
	if (rc < 0)
		return rc;
	/* What cannot be compared is no reason against the change. */
	if (stack_tier_warnings(r->api->db, &c.t, &c.warnings, NULL) < 0)
		c.warnings = json_array();
	if (!c.dry_run) {
		text = json_dumps(c.body, JSON_COMPACT);
		api_event(r, "tier-changed", c.t.stack, c.t.name, "",
			  "%s changed %s/%s: %s", r->who, c.t.stack, c.t.name, text);
		api_poke(r, "tier");
	}
	doc = tier_json(r, &c.t, err);
	if (!doc)
		return ERR_STORE;
	show_declared(doc, &c);
	json_object_set_new(doc, "applied", json_boolean(!c.dry_run));
	json_object_set(doc, "changes", c.endings);
	json_object_set(doc, "warnings", c.warnings);
	json_object_set(doc, "holds", c.holds);
	reply_tier(r, &c.t, doc);
	return 0;
}
