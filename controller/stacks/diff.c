/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diff.c - what applying a stack would change, for people.
 */
#include "apply.h"

#include "check.h"
#include "clock.h"
#include "readers.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- what is declared */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static json_t *tier_declared(const struct db_tier *t)
{
	json_t *doc =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:s, s:s, s:f, s:f}", "unit",
			  or_empty(t->unit), "pool", or_empty(t->pool), "mode",
			  db_mode_name(t->mode), "min", (json_int_t)t->min, "max",
			  (json_int_t)t->max, "capacity", t->capacity, "capacity_unit",
			  or_empty(t->capacity_unit), "demand", or_empty(t->demand),
			  "risk", t->risk_ratio, "price", t->price_ratio);
	json_t *more = json_pack(
		"{s:I, s:I, s:I, s:I, s:s, s:f, s:I, s:b, s:I}", "lead_prior_ms",
		(json_int_t)t->lead_prior_ms, "step_out", (json_int_t)t->step_out_max,
		"step_in", (json_int_t)t->step_in_max, "dwell_ms",
		(json_int_t)t->dwell_ms, "schedule", or_empty(t->schedule_json), "cpu",
		t->cpu, "memory_bytes", (json_int_t)t->memory_bytes, "stateful",
		t->stateful, "priority", (json_int_t)t->priority);

	json_t *learning = json_pack(
		"{s:s, s:s, s:f}", "utilisation", or_empty(t->utilisation), "latency",
		or_empty(t->latency), "target_utilisation", t->target_utilisation);

	CHECK(doc && more && learning);
	json_object_update(doc, more);
	json_object_update(doc, learning);
	json_decref(more);
	json_decref(learning);
	return doc;
}

static json_t *pool_declared(const struct db_pool *p)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:I, s:s}", "driver",
				or_empty(p->driver), "profile", or_empty(p->profile),
				"type", or_empty(p->type), "min", (json_int_t)p->min,
				"max", (json_int_t)p->max, "cpu", p->cpu, "memory_bytes",
				(json_int_t)p->memory_bytes, "config",
				or_empty(p->config_json));

	CHECK(doc);
	return doc;
}

/* ---------------------------------------------------------------- change list */

static void add_change(json_t *to, const char *action, const char *kind, const char *name,
		       const char *detail)
{
	json_array_append_new(to,
			      json_pack("{s:s, s:s, s:s, s:s}", "action", action, "kind",
					kind, "name", name, "detail", detail));
}

/* Instances that hold state do not follow their tier to another pool. */
static bool leaves_state(const struct db_tier *was, const struct db_tier *t)
{
	return was && t && t->stateful && strcmp(was->pool, t->pool) != 0;
}

/* "min 1 -> 2, max 3 -> 5" */
static void add_difference(json_t *to, const char *kind, const char *name, json_t *old,
			   json_t *new)
{
	CLEANUP(buf_done) struct buf b;
	const char *key;
	json_t *value;

	buf_init(&b, 4096);
	json_object_foreach(new, key, value)
	{
		json_t *was = json_object_get(old, key);
		CLEANUP(free) char *from = NULL;
		CLEANUP(free) char *into = NULL;

		if (json_equal(was, value))
			continue;
		from = json_dumps(was, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		into = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		buf_printf(&b, "%s%s %s -> %s", b.len ? ", " : "", key,
			   from ? from : "none", into);
	}
	if (b.len > 0)
		add_change(to, "change", kind, name, buf_str(&b));
	json_decref(old);
	json_decref(new);
}

static void add_stay(json_t *to, const struct db_tier *was)
{
	CLEANUP(free)
	char *detail =
		xasprintf("it holds state: its instances stay on the hosts of pool "
			  "%s until you drain these (foretide drain HOST)",
			  was->pool);

	add_change(to, "keep", "tier", was->name, detail);
}

static void diff_tiers(json_t *to, const struct db_tier_list *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->tiers.n; i++) {
		const struct db_tier *t = &s->tiers.v[i];
		const struct db_tier *was = stack_tier_in(old, t->name);
		char detail[128];

		snprintf(detail, sizeof(detail), "%s, %lld to %lld instances",
			 db_mode_name(t->mode), (long long)t->min, (long long)t->max);
		if (was)
			add_difference(to, "tier", t->name, tier_declared(was),
				       tier_declared(t));
		else
			add_change(to, "add", "tier", t->name, detail);
		if (leaves_state(was, t))
			add_stay(to, was);
	}
	for (size_t i = 0; i < old->n; i++)
		if (!stack_tier_in(&s->tiers, old->v[i].name))
			add_change(to, "remove", "tier", old->v[i].name,
				   "its units are drained and stopped");
}

static bool keeps_state(const struct db_pool *p, const struct db_tier_list *old,
			const struct stack_file *s)
{
	for (size_t i = 0; i < old->n; i++)
		if (strcmp(old->v[i].pool, p->name) == 0 &&
		    leaves_state(&old->v[i], stack_tier_in(&s->tiers, old->v[i].name)))
			return true;
	return false;
}

static void diff_pools(json_t *to, const struct db_pool_list *old,
		       const struct db_tier_list *tiers, const struct stack_file *s)
{
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *p = &s->pools.v[i];
		const struct db_pool *was = stack_pool_in(old, p->name);
		char detail[128];

		snprintf(detail, sizeof(detail), "driver %s, at most %lld hosts",
			 p->driver, (long long)p->max);
		if (was)
			add_difference(to, "pool", p->name, pool_declared(was),
				       pool_declared(p));
		else
			add_change(to, "add", "pool", p->name, detail);
	}
	for (size_t i = 0; i < old->n; i++)
		if (strcmp(old->v[i].stack, s->name) == 0 &&
		    !stack_pool_in(&s->pools, old->v[i].name))
			add_change(to, "remove", "pool", old->v[i].name,
				   keeps_state(&old->v[i], tiers, s)
					   ? "its hosts are drained and removed, but for "
					     "those that a stateful tier stays on"
					   : "its hosts are drained and removed");
}

static void diff_units(json_t *to, const struct stack_file *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->n_units; i++) {
		const struct stack_unit *u = &s->units[i];
		const struct stack_unit *was = old ? stack_file_unit(old, u->name) : NULL;

		if (!was)
			add_change(to, "add", "unit", u->name, "");
		else if (strcmp(was->hash, u->hash) != 0)
			add_change(to, "change", "unit", u->name,
				   "instances are replaced one at a time");
	}
	for (size_t i = 0; old && i < old->n_units; i++)
		if (!stack_file_unit(s, old->units[i].name))
			add_change(to, "remove", "unit", old->units[i].name, "");
}

static const struct stack_conf *conf_in(const struct stack_file *s,
					const struct stack_conf *c)
{
	for (size_t i = 0; s && i < s->n_confs; i++)
		if (strcmp(s->confs[i].tier, c->tier) == 0 &&
		    strcmp(s->confs[i].name, c->name) == 0)
			return &s->confs[i];
	return NULL;
}

static void diff_confs(json_t *to, const struct stack_file *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->n_confs; i++) {
		const struct stack_conf *c = &s->confs[i], *was = conf_in(old, c);
		CLEANUP(free) char *name = xasprintf("%s/%s", c->tier, c->name);
		json_t *dest = json_object_get(c->doc, "dest");

		if (!was)
			add_change(to, "add", "conf", name, json_string_value(dest));
		else if (!json_equal(was->doc, c->doc))
			add_change(to, "change", "conf", name, json_string_value(dest));
	}
	for (size_t i = 0; old && i < old->n_confs; i++) {
		const struct stack_conf *c = &old->confs[i];
		CLEANUP(free) char *name = xasprintf("%s/%s", c->tier, c->name);

		if (!conf_in(s, c))
			add_change(to, "remove", "conf", name, "the file stays on hosts");
	}
}

static bool has_secret(const struct stack_file *s, const char *name)
{
	for (size_t i = 0; s && i < s->n_secrets; i++)
		if (strcmp(s->secrets[i], name) == 0)
			return true;
	return false;
}

static void diff_secrets(json_t *to, const struct stack_file *old,
			 const struct stack_file *s)
{
	for (size_t i = 0; i < s->n_secrets; i++)
		if (!has_secret(old, s->secrets[i]))
			add_change(to, "add", "secret", s->secrets[i],
				   "a random value is made");
	for (size_t i = 0; old && i < old->n_secrets; i++)
		if (!has_secret(s, old->secrets[i]))
			add_change(to, "remove", "secret", old->secrets[i], "");
}

/* "uplift 2.5, 3 times, next 2026-11-27T07:00:00.000Z" */
static void describe(const json_t *event, int64_t now_ms, char *ret, size_t size)
{
	CLEANUP(free)
	char *uplift = json_dumps(json_object_get(event, "uplift"),
				  JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	const json_t *times = json_object_get(event, "times");
	char text[CLOCK_TEXT];
	const json_t *t;
	int64_t next_ms = 0;
	size_t i;

	json_array_foreach(times, i, t)
	{
		if (json_integer_value(json_array_get(t, 1)) > now_ms && !next_ms)
			next_ms = json_integer_value(json_array_get(t, 0));
	}
	snprintf(ret, size, "uplift %s, tiers %.60s, %s%s", uplift,
		 json_string_value(json_object_get(event, "tiers")),
		 next_ms ? "next " : "none within a year",
		 next_ms ? clock_format(next_ms, text) : "");
}

/* What takes place under each name, for comparing two stacks:
 * {"sale":{"uplift":2.5|null,"tiers":"web"|null,"times":[ms, ..]}}. */
static json_t *events_summary(const struct event_list *l)
{
	json_t *all = json_object();

	for (size_t i = 0; i < l->n_kinds; i++) {
		const struct event_kind *k = &l->kinds[i];

		if (!json_object_get(all, k->name))
			json_object_set_new(
				all, k->name,
				json_pack("{s:o, s:o, s:[]}", "uplift",
					  isnan(k->terms.uplift)
						  ? json_string("learn")
						  : json_real(k->terms.uplift),
					  "tiers",
					  k->terms.tiers ? json_string(k->terms.tiers)
							 : json_string("all"),
					  "times"));
	}
	for (size_t i = 0; i < l->n; i++) {
		json_t *of = json_object_get(all, l->kinds[l->v[i].kind].name);

		json_array_append_new(json_object_get(of, "times"),
				      json_pack("[I, I]", (json_int_t)l->v[i].start_ms,
						(json_int_t)l->v[i].end_ms));
	}
	return all;
}

/* Both as of now; what cannot be read any more, as of another version, has none. */
static json_t *summary_of(const struct stack_file *s, int64_t now_ms)
{
	CLEANUP(tz_free) struct tz *zone = NULL;
	CLEANUP(event_list_done) struct event_list l = { 0 };

	if (!s || tz_open(s->timezone, &zone, NULL) < 0 ||
	    event_list_read(&s->events, zone, now_ms, &l, NULL) < 0)
		return json_object();
	return events_summary(&l);
}

static void diff_events(json_t *to, const struct stack_file *old,
			const struct stack_file *s)
{
	const int64_t now_ms = clock_now_ms();
	CLEANUP(json_decref) json_t *was = summary_of(old, now_ms);
	CLEANUP(json_decref) json_t *is = summary_of(s, now_ms);
	const char *name;
	char detail[256];
	json_t *event;

	json_object_foreach(is, name, event)
	{
		describe(event, now_ms, detail, sizeof(detail));
		if (!json_object_get(was, name))
			add_change(to, "add", "event", name, detail);
		else if (!json_equal(json_object_get(was, name), event))
			add_change(to, "change", "event", name, detail);
	}
	json_object_foreach(was, name, event)
	{
		if (!json_object_get(is, name))
			add_change(to, "remove", "event", name, "");
	}
}

static json_t *head_declared(const char *timezone, const char *domain)
{
	return json_pack("{s:s, s:s}", "timezone", timezone, "domain", domain);
}

int stack_diff(struct db *db, const struct stack_file *s, const char *canonical,
	       json_t **ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack was = { .name = NULL };
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	CLEANUP(stack_file_free) struct stack_file *old = NULL;
	json_t *changes;
	bool is_new;
	int rc = db_stack_get(db, s->name, &was, err);

	is_new = rc == ERR_NOT_FOUND;
	if (rc == 0 || is_new)
		rc = db_tier_list(db, s->name, &tiers, err);
	if (rc == 0)
		rc = db_pool_list(db, &pools, err);
	if (rc < 0)
		return rc;
	/* What an older version accepted and this one does not counts as new. */
	if (!is_new && stack_file_parse(was.text_json, &old, NULL) < 0)
		old = NULL;
	changes = json_array();
	if (is_new)
		add_change(changes, "add", "stack", s->name, "");
	else
		add_difference(changes, "stack", s->name,
			       head_declared(was.timezone, was.domain),
			       head_declared(s->timezone, s->domain));
	diff_pools(changes, &pools, &tiers, s);
	diff_tiers(changes, &tiers, s);
	diff_units(changes, old, s);
	diff_confs(changes, old, s);
	diff_secrets(changes, old, s);
	diff_events(changes, old, s);
	if (!is_new && json_array_size(changes) == 0 &&
	    strcmp(was.text_json, canonical) != 0)
		add_change(changes, "change", "stack", s->name,
			   "comments and order of the files only");
	*ret = changes;
	return 0;
}
