/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diff.c - what applying a stack would change, for operators.
 */
#include "apply.h"

#include "change_list.h"
#include "check.h"
#include "names.h"

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
	json_t *more = json_pack("{s:I, s:I, s:I, s:I, s:f, s:s, s:f, s:I, s:b, s:I}",
				 "lead_prior_ms", (json_int_t)t->lead_prior_ms,
				 "step_out", (json_int_t)t->step_out_max, "step_in",
				 (json_int_t)t->step_in_max, "dwell_ms",
				 (json_int_t)t->dwell_ms, "action_price", t->action_price,
				 "schedule", or_empty(t->schedule_json), "cpu", t->cpu,
				 "memory_bytes", (json_int_t)t->memory_bytes, "stateful",
				 t->stateful, "priority", (json_int_t)t->priority);

	json_t *learning =
		json_pack("{s:s, s:s, s:I, s:f}", "utilisation", or_empty(t->utilisation),
			  "latency", or_empty(t->latency), "latency_max_ms",
			  (json_int_t)t->latency_max_ms, "target_utilisation",
			  t->target_utilisation);

	CHECK(doc && more && learning);
	json_object_update(doc, more);
	json_object_update(doc, learning);
	json_decref(more);
	json_decref(learning);
	return doc;
}

static json_t *pool_declared(const struct db_pool *p)
{
	json_t *doc = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:b, s:s, s:f, s:I, "
		"s:s, "
		"s:s}",
		"driver", or_empty(p->driver), "profile", or_empty(p->profile), "type",
		or_empty(p->type), "min", (json_int_t)p->min, "max", (json_int_t)p->max,
		"cpu", p->cpu, "memory_bytes", (json_int_t)p->memory_bytes, "billing_ms",
		(json_int_t)p->billing_ms, "billing_min_ms",
		(json_int_t)p->billing_min_ms, "lost_after_ms",
		(json_int_t)p->lost_after_ms, "lose_stateful", (int)p->lose_stateful,
		"type_order", or_empty(p->type_order), "spot_share", p->spot_share,
		"spot_base", (json_int_t)p->spot_base, "user_data",
		or_empty(p->user_data), "config", or_empty(p->config_json));

	CHECK(doc);
	return doc;
}

/* ---------------------------------------------------------------- differences */

/* Instances that hold state do not follow their tier to another pool. */
static bool leaves_state(const struct db_tier *was, const struct db_tier *t)
{
	return was && t && t->stateful && strcmp(was->pool, t->pool) != 0;
}

static void add_stay(json_t *to, const struct db_tier *was)
{
	CLEANUP(free)
	char *detail = xasprintf("it is stateful: its instances stay on the hosts of "
				 "pool %s until you drain them (foretide drain HOST)",
				 was->pool);

	change_list_add(to, "keep", "tier", was->name, detail);
}

/* file: as applied last; NULL: not known. */
static void diff_tiers(json_t *to, const struct db_tier_list *old,
		       const struct stack_file *file, const struct stack_file *s)
{
	for (size_t i = 0; i < s->tiers.n; i++) {
		const struct db_tier *t = &s->tiers.v[i];
		const struct db_tier *was = stack_tier_in(old, t->name);
		const struct db_tier *said =
			file ? stack_tier_in(&file->tiers, t->name) : NULL;
		CLEANUP(json_decref) json_t *declared = said ? tier_declared(said) : NULL;
		char detail[128];

		snprintf(detail, sizeof(detail), "%s, %lld to %lld instances",
			 db_mode_name(t->mode), (long long)t->min, (long long)t->max);
		if (was)
			change_list_add_difference(to, "tier", t->name,
						   tier_declared(was), tier_declared(t),
						   declared);
		else
			change_list_add(to, "add", "tier", t->name, detail);
		if (leaves_state(was, t))
			add_stay(to, was);
	}
	for (size_t i = 0; i < old->n; i++)
		if (!stack_tier_in(&s->tiers, old->v[i].name))
			change_list_add(to, "remove", "tier", old->v[i].name,
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
			change_list_add_difference(to, "pool", p->name,
						   pool_declared(was), pool_declared(p),
						   NULL);
		else
			change_list_add(to, "add", "pool", p->name, detail);
	}
	for (size_t i = 0; i < old->n; i++)
		if (strcmp(old->v[i].stack, s->name) == 0 &&
		    !stack_pool_in(&s->pools, old->v[i].name))
			change_list_add(
				to, "remove", "pool", old->v[i].name,
				keeps_state(&old->v[i], tiers, s)
					? "its hosts are drained and removed, except "
					  "those that still run a stateful tier"
					: "its hosts are drained and removed");
}

static void diff_units(json_t *to, const struct stack_file *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->n_units; i++) {
		const struct stack_unit *u = &s->units[i];
		const struct stack_unit *was = old ? stack_file_unit(old, u->name) : NULL;

		if (!was)
			change_list_add(to, "add", "unit", u->name, "");
		else if (strcmp(was->hash, u->hash) != 0)
			change_list_add(to, "change", "unit", u->name,
					"instances are replaced one at a time");
	}
	for (size_t i = 0; old && i < old->n_units; i++)
		if (!stack_file_unit(s, old->units[i].name))
			change_list_add(to, "remove", "unit", old->units[i].name, "");
}

/* What tiers do when a roll-out stops. */
static void diff_rollbacks(json_t *to, const struct stack_file *old,
			   const struct stack_file *s)
{
	for (size_t i = 0; i < s->tiers.n; i++) {
		for (size_t k = 0; old && k < old->tiers.n; k++)
			if (strcmp(old->tiers.v[k].name, s->tiers.v[i].name) == 0 &&
			    old->rolls_back[k] != s->rolls_back[i])
				change_list_add(to, "change", "tier", s->tiers.v[i].name,
						s->rolls_back[i]
							? "rollback never -> auto"
							: "rollback auto -> never");
	}
}

/* The same text again is another try. */
static void add_stopped(json_t *to, const struct db_roll_out_list *rolls,
			const struct stack_file *s)
{
	for (size_t i = 0; i < rolls->n; i++) {
		const struct db_roll_out *r = &rolls->v[i];
		const struct db_tier *t = stack_tier_in(&s->tiers, r->tier);
		const struct stack_unit *u = t ? stack_file_unit(s, t->unit) : NULL;

		if (u && strcmp(u->hash, r->hash) == 0 &&
		    (r->state == DB_ROLL_OUT_STOPPED || r->state == DB_ROLL_OUT_BANNED))
			change_list_add(to, "change", "unit", u->name,
					"its roll-out, which has stopped, begins anew");
	}
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
			change_list_add(to, "add", "conf", name, json_string_value(dest));
		else if (!json_equal(was->doc, c->doc))
			change_list_add(to, "change", "conf", name,
					json_string_value(dest));
	}
	for (size_t i = 0; old && i < old->n_confs; i++) {
		const struct stack_conf *c = &old->confs[i];
		CLEANUP(free) char *name = xasprintf("%s/%s", c->tier, c->name);

		if (!conf_in(s, c))
			change_list_add(to, "remove", "conf", name,
					"the file stays on hosts");
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
			change_list_add(to, "add", "secret", s->secrets[i],
					"a random value is generated");
	for (size_t i = 0; old && i < old->n_secrets; i++)
		if (!has_secret(s, old->secrets[i]))
			change_list_add(to, "remove", "secret", old->secrets[i], "");
}

static json_t *head_declared(const char *timezone, const char *domain,
			     const struct stack_file *s)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "timezone", timezone, "domain", domain,
			 "drill_window", s ? s->drill_window : "", "budget",
			 s ? s->budget : "");
}

int stack_diff(struct db *db, const struct stack_file *s, const char *canonical,
	       json_t **ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack was = { .name = NULL };
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	CLEANUP(db_roll_out_list_done) struct db_roll_out_list stopped = { NULL, 0 };
	CLEANUP(stack_file_free) struct stack_file *old = NULL;
	json_t *changes;
	bool is_new;
	int rc = db_stack_get(db, s->name, &was, err);

	is_new = rc == ERR_NOT_FOUND;
	if (rc == 0 || is_new)
		rc = db_tier_list(db, s->name, &tiers, err);
	if (rc == 0)
		rc = db_pool_list(db, &pools, err);
	if (rc == 0)
		rc = db_roll_out_list(db, s->name, &stopped, err);
	if (rc < 0)
		return rc;
	/* A stack that only an older version could read counts as new. */
	if (!is_new && stack_file_parse(was.text_json, &old, NULL) < 0)
		old = NULL;
	changes = json_array();
	if (is_new)
		change_list_add(changes, "add", "stack", s->name, "");
	else
		change_list_add_difference(changes, "stack", s->name,
					   head_declared(was.timezone, was.domain, old),
					   head_declared(s->timezone, s->domain, s),
					   NULL);
	diff_pools(changes, &pools, &tiers, s);
	diff_tiers(changes, &tiers, old, s);
	diff_rollbacks(changes, old, s);
	add_stopped(changes, &stopped, s);
	diff_units(changes, old, s);
	diff_confs(changes, old, s);
	diff_secrets(changes, old, s);
	change_list_add_events(changes, old, s);
	if (!is_new && json_array_size(changes) == 0 &&
	    strcmp(was.text_json, canonical) != 0)
		change_list_add(changes, "change", "stack", s->name,
				"only comments and order in the files");
	*ret = changes;
	return 0;
}
