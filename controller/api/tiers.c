/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_report.h"
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "stacks.h"
#include "text.h"
#include "trust.h"

#include <stdio.h>
#include <string.h>

#define DECLARED_TAG 19 /* a quote, 16 hex digits, a dash */

int api_tier_of_path(struct request *r, struct db_tier *ret, struct err *err)
{
	return db_tier_get(r->api->db, r->args[0], r->args[1], ret, err);
}

struct tier_now api_tier_now(struct request *r, const struct db_tier *t)
{
	struct tier_now now = { .capacity = t->capacity, .lead_ms = t->lead_prior_ms };
	CLEANUP(json_decref) json_t *live = NULL;
	const char *source = t->capacity > 0 ? "declared" : "none";
	const json_t *lead, *learned;

	if (API_HOOK(r, tier_live))
		live = API_HOOK(r, tier_live)(API_HOOK(r, arg), t->stack, t->name);
	lead = json_object_get(json_object_get(live, "lead"), "used_ms");
	if (json_is_number(lead))
		now.lead_ms = (int64_t)json_number_value(lead);
	learned = json_object_get(json_object_get(live, "capacity_learned"), "used");
	if (!(t->capacity > 0) && json_is_string(learned)) {
		now.capacity = json_number_value(json_object_get(live, "capacity"));
		source = json_string_value(learned);
	}
	snprintf(now.capacity_source, sizeof(now.capacity_source), "%s", source);
	return now;
}

/* ---------------------------------------------------------------- form */

static bool is_healthy(const struct db_unit *u)
{
	return strcmp(u->active, "active") == 0 &&
	       (strcmp(u->health, "passing") == 0 || strcmp(u->health, "none") == 0);
}

static void count_units(json_t *doc, const struct db_unit_list *units)
{
	size_t running = 0, healthy = 0, draining = 0;

	for (size_t i = 0; i < units->n; i++) {
		const struct db_unit *u = &units->v[i];

		running += u->goal == DB_GOAL_RUN;
		healthy += u->goal == DB_GOAL_RUN && is_healthy(u);
		draining += u->goal == DB_GOAL_DRAIN;
	}
	json_object_set_new(doc, "running", json_integer((json_int_t)running));
	json_object_set_new(doc, "healthy", json_integer((json_int_t)healthy));
	json_object_set_new(doc, "starting",
			    json_integer((json_int_t)(running - healthy)));
	json_object_set_new(doc, "draining", json_integer((json_int_t)draining));
}

static json_t *duration_json(int64_t ms)
{
	char text[CLOCK_TEXT];

	return json_string(clock_format_duration(ms, text));
}

static json_t *declared_json(const struct db_tier *t)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:s, s:f, s:f}",
				"stack", t->stack, "name", t->name, "unit", t->unit,
				"pool", t->pool, "mode", db_mode_name(t->mode), "min",
				(json_int_t)t->min, "max", (json_int_t)t->max, "capacity",
				t->capacity, "capacity_unit", t->capacity_unit, "risk",
				t->risk_ratio, "price", t->price_ratio);
	json_t *more = json_pack(
		"{s:o, s:o, s:I, s:I, s:b, s:I, s:o, s:f, s:I}", "lead_prior",
		duration_json(t->lead_prior_ms), "dwell", duration_json(t->dwell_ms),
		"step_out", (json_int_t)t->step_out_max, "step_in",
		(json_int_t)t->step_in_max, "stateful", t->stateful, "priority",
		(json_int_t)t->priority, "schedules", json_of_text(t->schedule_json),
		"cpu", t->cpu, "memory_bytes", (json_int_t)t->memory_bytes);

	json_t *learning =
		json_pack("{s:s, s:s, s:f}", "utilisation", t->utilisation, "latency",
			  t->latency, "target_utilisation", t->target_utilisation);

	CHECK(doc && more && learning);
	json_object_update(doc, more);
	json_object_update(doc, learning);
	json_decref(more);
	json_decref(learning);
	return doc;
}

static const struct db_hold *hold_on(const struct db_hold_list *holds,
				     const struct db_tier *t)
{
	for (size_t i = 0; i < holds->n; i++)
		if (!*holds->v[i].tier || strcmp(holds->v[i].tier, t->name) == 0)
			return &holds->v[i];
	return NULL;
}

json_t *tier_json(struct request *r, const struct db_tier *t, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { NULL, 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	const struct db_unit_filter of = { .stack = t->stack, .tier = t->name };
	const struct db_hold *hold;
	json_t *doc, *explanation, *sentence;

	if (db_unit_list(r->api->db, &of, &units, err) < 0 ||
	    db_hold_list(r->api->db, t->stack, clock_now_ms(), &holds, err) < 0)
		return NULL;
	hold = hold_on(&holds, t);
	doc = declared_json(t);
	count_units(doc, &units);
	json_object_set_new(doc, "desired",
			    t->desired < 0 ? json_null() : json_integer(t->desired));
	json_object_set_new(doc, "desired_since", json_time(t->desired_since_ms));
	json_object_set_new(doc, "updated", json_time(t->updated_ms));
	json_object_set_new(doc, "demand",
			    json_pack("{s:s, s:n, s:n, s:n}", "expression", t->demand,
				      "value", "at", "age_ms"));
	json_object_set_new(doc, "lead", json_null());
	json_object_set_new(doc, "hold", hold ? hold_json(hold) : json_null());
	explanation = json_of_text(t->explanation_json);
	sentence = json_object_get(explanation, "sentence");
	json_object_set(doc, "sentence", sentence ? sentence : json_null());
	json_object_set_new(doc, "explanation", explanation);
	if (API_HOOK(r, tier_live))
		live = API_HOOK(r, tier_live)(API_HOOK(r, arg), t->stack, t->name);
	if (live)
		json_object_update(doc, live);
	return doc;
}

/* ---------------------------------------------------------------- reading */

/* "stack/tier" of the last item is the cursor. */
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

/* Begins the ETag of a tier: of what is declared, which alone may be changed by hand. */
static void declared_tag(const struct db_tier *t, char tag[DECLARED_TAG])
{
	CLEANUP(json_decref) json_t *doc = declared_json(t);
	CLEANUP(free) char *text = NULL;
	char hash[TOKEN_HASH_TEXT];

	json_object_set_new(doc, "demand", json_string(t->demand));
	text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	token_hash_bytes(text, strlen(text), hash);
	snprintf(tag, DECLARED_TAG, "\"%.16s-", hash);
}

/*
 * "DECLARED-WHOLE": the whole, with what is measured, differs from tick to tick, and is
 * what a reader may have already; If-Match asks for the first half only.
 */
static void reply_tier(struct request *r, const struct db_tier *t, json_t *doc)
{
	CLEANUP(free) char *text = json_dumps(doc, JSON_COMPACT);
	char tag[DECLARED_TAG], hash[TOKEN_HASH_TEXT];

	declared_tag(t, tag);
	token_hash_bytes(text, strlen(text), hash);
	free(r->etag);
	r->etag = xasprintf("%s%.16s\"", tag, hash);
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

static int check_match(struct request *r, const struct db_tier *t, struct err *err)
{
	const char *match = request_header(r, "If-Match");
	char tag[DECLARED_TAG];

	declared_tag(t, tag);
	if (!match || strcmp(match, "*") == 0 || strstr(match, tag))
		return 0;
	return request_fail(r, 412, err,
			    "the tier %s/%s was changed since you read it: read it again",
			    t->stack, t->name);
}

/* What may be changed by hand, as the options of stack.conf with their ranges. */
static const char *const patchable[] = {
	"mode",
	"min",
	"max",
	"capacity",
	"capacity_unit",
	"risk",
	"price",
	"lead_prior",
	"dwell",
	"step_out",
	"step_in",
	"priority",
	"demand",
	"utilisation",
	"latency",
	"target_utilisation",
	NULL,
};

int api_tier_check(struct request *r, const struct db_tier *t, struct err *err)
{
	/* What is fetched from elsewhere is a tier's demand, and nothing else. */
	const struct {
		const char *name, *text, *tier;
	} v[] = { { "demand", t->demand, t->name },
		  { "utilisation", t->utilisation, "" },
		  { "latency", t->latency, "" } };

	for (size_t i = 0; i < ARRAY_SIZE(v) && API_HOOK(r, check_demand); i++) {
		int rc = API_HOOK(r, check_demand)(API_HOOK(r, arg), t->stack, v[i].tier,
						   v[i].text, err);

		if (rc < 0)
			return err_wrap(err, rc, "%s", v[i].name);
	}
	return 0;
}

/* A value as it would be written in stack.conf. */
static int as_text(const char *key, const json_t *value, char **ret, struct err *err)
{
	if (json_is_string(value))
		*ret = xstrdup(json_string_value(value));
	else if (json_is_integer(value))
		*ret = xasprintf("%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		*ret = xasprintf("%.17g", json_real_value(value));
	else
		return err_set(err, ERR_INVAL, "\"%s\" must be a string or a number",
			       key);
	return 0;
}

int api_tier_set(struct db_tier *t, const char *key, const json_t *value, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int mode, rc = as_text(key, value, &text, err);

	if (rc < 0)
		return rc;
	if (strcmp(key, "mode") != 0)
		return stack_tier_set(t, key, text, err);
	mode = db_mode_from_name(text);
	if (mode < 0)
		return err_set(err, ERR_INVAL, "mode must be observe, out or auto");
	t->mode = (enum db_mode)mode;
	return 0;
}

static int patch(struct request *r, struct db_tier *t, json_t *body, struct err *err)
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
		return err_set(err, ERR_INVAL, "%s is no template, so max must be 1",
			       t->unit);
	return api_tier_check(r, t, err);
}

struct change {
	struct request *r;
	struct db_tier t;
	json_t *body;
	bool dry_run;
};

/* Read, judged and written as one: nobody else's change comes in between. */
static int change_tier(struct db *db, void *arg, struct err *err)
{
	struct change *c = arg;
	int rc = api_tier_of_path(c->r, &c->t, err);

	if (rc == 0)
		rc = check_match(c->r, &c->t, err);
	if (rc == 0)
		rc = patch(c->r, &c->t, c->body, err);
	if (rc == 0 && !c->dry_run)
		rc = db_tier_put(db, &c->t, err);
	return rc;
}

static void change_done(struct change *c)
{
	db_tier_done(&c->t);
	json_decref(c->body);
}
DEFINE_CLEANUP_OBJECT(struct change, change_done);

int api_tier_patch(struct request *r, struct err *err)
{
	CLEANUP(change_done) struct change c = { .r = r };
	CLEANUP(free) char *text = NULL;
	json_t *doc;
	int rc = request_dry_run(r, &c.dry_run, err);

	if (rc == 0)
		rc = request_json(r, patchable, &c.body, err);
	if (rc == 0)
		rc = db_tx(r->api->db, change_tier, &c, err);
	if (rc < 0)
		return rc;
	if (!c.dry_run) {
		text = json_dumps(c.body, JSON_COMPACT);
		api_event(r, "tier-changed", c.t.stack, c.t.name, "",
			  "%s changed %s/%s: %s", r->who, c.t.stack, c.t.name, text);
		api_poke(r, "tier");
	}
	doc = tier_json(r, &c.t, err);
	if (!doc)
		return ERR_STORE;
	json_object_set_new(doc, "applied", json_boolean(!c.dry_run));
	reply_tier(r, &c.t, doc);
	return 0;
}
