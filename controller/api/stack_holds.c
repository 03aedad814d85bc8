/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stack_holds.h"

#include "hold_guard.h"
#include "server.h"

#include <string.h>

static bool differs(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

/* Bounds that leave the number as it is scale nothing. */
static bool forces(int64_t number, int64_t min, int64_t max)
{
	return number < min || number > max;
}

static bool scales(const struct db_tier *was, const struct db_tier *t)
{
	const bool has_other = was->min != t->min || was->max != t->max;

	return (has_other && forces(was->desired, t->min, t->max)) ||
	       differs(was->pool, t->pool) || differs(was->unit, t->unit) ||
	       differs(was->schedule_json, t->schedule_json);
}

static const struct db_tier *tier_in(const struct db_tier_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

static bool pool_stays(const struct stack_file *s, const struct db_pool *was)
{
	for (size_t i = 0; i < s->pools.n; i++)
		if (strcmp(s->pools.v[i].name, was->name) == 0)
			return !forces(was->want, s->pools.v[i].min, s->pools.v[i].max);
	return false;
}

int stack_holds_tier(struct request *r, const struct db_tier *was,
		     const struct db_tier *t, json_t *holds, struct err *err)
{
	return t && !scales(was, t)
		       ? 0
		       : hold_guard_add(r, holds, was->stack, was->name, err);
}

int stack_holds(struct request *r, const struct stack_file *s, json_t *holds,
		struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	int rc = db_tier_list(r->api->db, s->name, &tiers, err);

	if (rc == 0)
		rc = db_pool_list(r->api->db, &pools, err);
	for (size_t i = 0; rc == 0 && i < tiers.n; i++)
		rc = stack_holds_tier(r, &tiers.v[i], tier_in(&s->tiers, tiers.v[i].name),
				      holds, err);
	for (size_t i = 0; rc == 0 && i < pools.n; i++)
		if (strcmp(pools.v[i].stack, s->name) == 0 && !pool_stays(s, &pools.v[i]))
			rc = hold_guard_add(r, holds, s->name, NULL, err);
	return rc;
}
