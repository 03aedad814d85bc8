/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apply.h"

#include "check.h"
#include "names.h"

#include <string.h>

/* ---------------------------------------------------------------- other stacks */

static int check_pools(struct db *db, const struct stack_file *s, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	char at[STACK_PLACE];
	int rc = db_pool_list(db, &all, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *was = stack_pool_in(&all, s->pools.v[i].name);

		if (was && strcmp(was->stack, s->name) != 0)
			return err_set(err, ERR_CONFLICT,
				       "[pool %s] already exists, in %s%s", was->name,
				       *was->stack ? "the stack " : "no stack",
				       was->stack);
	}
	for (size_t i = 0; i < s->tiers.n; i++) {
		const char *name = s->tiers.v[i].pool;
		const struct db_pool *was = stack_pool_in(&all, name);

		if (!stack_pool_in(&s->pools, name) &&
		    (!was || strcmp(was->stack, s->name) == 0))
			return err_set(
				err, ERR_INVAL, "%s: [tier %s]: there is no [pool %s]",
				stack_tier_place(s, s->tiers.v[i].name, "pool", at),
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

/* An undeclared pool wants no hosts; it is deleted when it has none. */
static int retire_pools(struct db *db, const char *stack, const struct stack_file *s,
			struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	int rc = db_pool_list(db, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct db_pool *p = &all.v[i];

		if (strcmp(p->stack, stack) != 0 ||
		    (s && stack_pool_in(&s->pools, p->name)))
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
		if (!stack_tier_in(&s->tiers, old.v[i].name))
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
				      .budget = s->budget,
				      .text_json = text,
				      .applied_ms = a->now_ms };
	int rc = db_stack_put(db, &row, a->expect, &a->version, err);

	for (size_t i = 0; rc == 0 && i < s->pools.n; i++)
		rc = db_pool_put(db, &s->pools.v[i], err);
	if (rc == 0)
		rc = retire_pools(db, s->name, s, err);
	if (rc == 0)
		rc = db_roll_outs_restart(db, s->name, err);
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
		rc = err_set(err, ERR_CONFLICT,
			     "the stack %s was changed in the meantime", a->name);
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
		*ret = stack_pool_in(&s->pools, p->name) != NULL;
	return rc;
}

/*
 * Whether no host and no unknown VM can be left: the cloud has confirmed it, or none was
 * ever requested.
 */
static int is_empty(struct db *db, const struct db_pool *p, bool *ret, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	CLEANUP(db_launch_list_done) struct db_launch_list launches = { NULL, 0 };
	const struct db_host_filter f = { .pool = p->name, .present = true, .limit = 1 };
	const struct db_launch_filter any = { .pool = p->name, .limit = 1 };
	int rc = db_host_list(db, &f, &hosts, err);

	if (rc == 0)
		rc = db_launch_list(db, &any, &launches, err);
	*ret = hosts.n == 0 &&
	       (launches.n == 0 || strcmp(p->state, POOL_STATE_EMPTY) == 0);
	return rc;
}

static int sweep_one(struct db *db, const struct db_pool *p, struct err *err)
{
	bool empty = false, declared = true;
	int rc = is_empty(db, p, &empty, err);

	if (rc == 0 && empty)
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
