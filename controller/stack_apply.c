/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stack_apply.h"

#include "check.h"

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

	CHECK(doc && more);
	json_object_update(doc, more);
	json_decref(more);
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

static const struct db_tier *tier_in(const struct db_tier_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

static const struct db_pool *pool_in(const struct db_pool_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

static void diff_tiers(json_t *to, const struct db_tier_list *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->tiers.n; i++) {
		const struct db_tier *t = &s->tiers.v[i];
		const struct db_tier *was = tier_in(old, t->name);
		char detail[128];

		snprintf(detail, sizeof(detail), "%s, %lld to %lld instances",
			 db_mode_name(t->mode), (long long)t->min, (long long)t->max);
		if (was)
			add_difference(to, "tier", t->name, tier_declared(was),
				       tier_declared(t));
		else
			add_change(to, "add", "tier", t->name, detail);
	}
	for (size_t i = 0; i < old->n; i++)
		if (!tier_in(&s->tiers, old->v[i].name))
			add_change(to, "remove", "tier", old->v[i].name,
				   "its units are drained and stopped");
}

static void diff_pools(json_t *to, const struct db_pool_list *old,
		       const struct stack_file *s)
{
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *p = &s->pools.v[i];
		const struct db_pool *was = pool_in(old, p->name);
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
		    !pool_in(&s->pools, old->v[i].name))
			add_change(to, "remove", "pool", old->v[i].name,
				   "its hosts are drained and removed");
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
	diff_pools(changes, &pools, s);
	diff_tiers(changes, &tiers, s);
	diff_units(changes, old, s);
	diff_confs(changes, old, s);
	diff_secrets(changes, old, s);
	if (!is_new && json_array_size(changes) == 0 &&
	    strcmp(was.text_json, canonical) != 0)
		add_change(changes, "change", "stack", s->name,
			   "comments and order of the files only");
	*ret = changes;
	return 0;
}

/* ---------------------------------------------------------------- other stacks */

static int check_pools(struct db *db, const struct stack_file *s, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	int rc = db_pool_list(db, &all, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *was = pool_in(&all, s->pools.v[i].name);

		if (was && strcmp(was->stack, s->name) != 0)
			return err_set(err, ERR_CONFLICT,
				       "[pool %s] is there already, of %s%s", was->name,
				       *was->stack ? "the stack " : "no stack",
				       was->stack);
	}
	for (size_t i = 0; i < s->tiers.n; i++) {
		const char *name = s->tiers.v[i].pool;
		const struct db_pool *was = pool_in(&all, name);

		if (!pool_in(&s->pools, name) &&
		    (!was || strcmp(was->stack, s->name) == 0))
			return err_set(err, ERR_INVAL,
				       "stack.conf: [tier %s]: there is no [pool %s]",
				       s->tiers.v[i].name, name);
	}
	return 0;
}

/* web@.service and web@3.service clash, web.service and web@.service do not. */
static int check_units(struct db *db, const struct stack_file *s, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list all = { NULL, 0 };
	int rc = db_tier_list(db, NULL, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		const struct db_tier *t = &all.v[i];

		if (strcmp(t->stack, s->name) != 0 && stack_file_unit(s, t->unit))
			return err_set(err, ERR_CONFLICT,
				       "units/%s: the stack %s has a unit of that name",
				       t->unit, t->stack);
	}
	return rc;
}

int stack_check(struct db *db, const struct stack_file *s, struct err *err)
{
	int rc = check_pools(db, s, err);

	return rc < 0 ? rc : check_units(db, s, err);
}

/* ---------------------------------------------------------------- writing */

struct application {
	const struct stack_file *s; /* NULL to remove */
	const char *name;
	const char *canonical;
	int64_t expect, now_ms, version;
};

/* A pool nobody declares wants no hosts; it goes when it has none. */
static int retire_pools(struct db *db, const char *stack, const struct stack_file *s,
			struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	int rc = db_pool_list(db, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct db_pool *p = &all.v[i];

		if (strcmp(p->stack, stack) != 0 || (s && pool_in(&s->pools, p->name)))
			continue;
		p->min = 0;
		p->max = 0;
		rc = db_pool_put(db, p, err);
	}
	return rc;
}

static int write_tiers(struct db *db, const struct stack_file *s, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list old = { NULL, 0 };
	int rc = db_tier_list(db, s->name, &old, err);

	for (size_t i = 0; rc == 0 && i < old.n; i++)
		if (!tier_in(&s->tiers, old.v[i].name))
			rc = db_tier_delete(db, s->name, old.v[i].name, err);
	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++)
		rc = db_tier_put(db, &s->tiers.v[i], err);
	return rc;
}

static int write_all(struct db *db, void *arg, struct err *err)
{
	struct application *a = arg;
	const struct stack_file *s = a->s;
	CLEANUP(free) char *text = xstrdup(a->canonical);
	const struct db_stack row = { .name = s->name,
				      .timezone = s->timezone,
				      .domain = s->domain,
				      .text_json = text,
				      .applied_ms = a->now_ms };
	int rc = db_stack_put(db, &row, a->expect, &a->version, err);

	for (size_t i = 0; rc == 0 && i < s->pools.n; i++)
		rc = db_pool_put(db, &s->pools.v[i], err);
	if (rc == 0)
		rc = retire_pools(db, s->name, s, err);
	return rc < 0 ? rc : write_tiers(db, s, err);
}

int stack_apply(struct db *db, const struct stack_file *s, const char *canonical,
		int64_t expect_version, int64_t now_ms, int64_t *ret_version,
		struct err *err)
{
	struct application a = {
		.s = s, .canonical = canonical, .expect = expect_version, .now_ms = now_ms
	};
	int rc = db_tx(db, write_all, &a, err);

	if (rc == 0)
		*ret_version = a.version;
	return rc;
}

static int remove_all(struct db *db, void *arg, struct err *err)
{
	const struct application *a = arg;
	CLEANUP(db_stack_done) struct db_stack was = { .name = NULL };
	int rc = db_stack_get(db, a->name, &was, err);

	if (rc == 0 && a->expect != STACK_ANY_VERSION && a->expect != was.version)
		rc = err_set(err, ERR_CONFLICT, "the stack %s changed meanwhile",
			     a->name);
	if (rc == 0)
		rc = retire_pools(db, a->name, NULL, err);
	return rc < 0 ? rc : db_stack_delete(db, a->name, err);
}

int stack_remove(struct db *db, const char *name, int64_t expect_version, struct err *err)
{
	struct application a = { .name = name, .expect = expect_version };

	return db_tx(db, remove_all, &a, err);
}

/* ---------------------------------------------------------------- sweeping */

static int is_declared(struct db *db, const struct db_pool *p, bool *ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack row = { .name = NULL };
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	int rc = db_stack_get(db, p->stack, &row, err);

	*ret = false;
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0)
		rc = stack_file_parse(row.text_json, &s, err);
	if (rc == 0)
		*ret = pool_in(&s->pools, p->name) != NULL;
	return rc;
}

static int sweep_one(struct db *db, const struct db_pool *p, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	const struct db_host_filter f = { .pool = p->name, .present = true, .limit = 1 };
	bool declared = true;
	int rc = db_host_list(db, &f, &hosts, err);

	if (rc == 0 && hosts.n == 0)
		rc = is_declared(db, p, &declared, err);
	if (rc == 0 && !declared)
		rc = db_pool_delete(db, p->name, err);
	return rc;
}

int stack_sweep(struct db *db, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	int rc = db_pool_list(db, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++)
		if (all.v[i].max == 0 && *all.v[i].stack)
			rc = sweep_one(db, &all.v[i], err);
	return rc;
}
