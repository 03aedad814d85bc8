/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "look.h"

#include "check.h"

#include <string.h>

/* ---------------------------------------------------------------- reading */

static bool is_of_stack(const struct look *l, const struct db_pool_list *pools,
			const struct db_host *h)
{
	for (size_t i = 0; i < pools->n; i++)
		if (strcmp(pools->v[i].name, h->pool) == 0 &&
		    strcmp(pools->v[i].stack, l->stack) == 0)
			return true;
	for (size_t i = 0; i < l->units.n; i++)
		if (strcmp(l->units.v[i].host, h->id) == 0 &&
		    strcmp(l->units.v[i].stack, l->stack) == 0)
			return true;
	return false;
}

static void keep_own_hosts(struct look *l, const struct db_pool_list *pools)
{
	size_t n = 0;

	for (size_t i = 0; i < l->hosts.n; i++) {
		if (is_of_stack(l, pools, &l->hosts.v[i]))
			l->hosts.v[n++] = l->hosts.v[i];
		else
			db_host_done(&l->hosts.v[i]);
	}
	l->hosts.n = n;
}

int look_read(struct db *db, const char *stack, struct look *ret, struct err *err)
{
	CLEANUP(look_done) struct look l = { .stack = stack };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	const struct db_host_filter present = { .present = true };
	int rc = db_tier_list(db, stack, &l.tiers, err);

	if (rc == 0)
		rc = db_unit_list(db, NULL, &l.units, err);
	if (rc == 0)
		rc = db_host_list(db, &present, &l.hosts, err);
	if (rc == 0)
		rc = db_pool_list(db, &pools, err);
	if (rc < 0)
		return rc;
	keep_own_hosts(&l, &pools);
	*ret = l;
	l = (struct look){ .stack = stack };
	return 0;
}

void look_done(struct look *l)
{
	db_tier_list_done(&l->tiers);
	db_unit_list_done(&l->units);
	db_host_list_done(&l->hosts);
}

/* ---------------------------------------------------------------- what serves */

const struct db_host *look_host(const struct look *l, const char *id)
{
	for (size_t i = 0; i < l->hosts.n; i++)
		if (strcmp(l->hosts.v[i].id, id) == 0)
			return &l->hosts.v[i];
	return NULL;
}

bool look_serves(const struct look *l, const struct db_unit *u)
{
	const struct db_host *h = look_host(l, u->host);

	return strcmp(u->stack, l->stack) == 0 && u->goal == DB_GOAL_RUN && h &&
	       h->state == DB_HOST_UP && strcmp(u->active, "active") == 0 &&
	       (strcmp(u->health, "passing") == 0 || strcmp(u->health, "none") == 0);
}

int64_t look_serving(const struct look *l, const char *tier)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->units.n; i++)
		n += strcmp(l->units.v[i].tier, tier) == 0 &&
		     look_serves(l, &l->units.v[i]);
	return n;
}

int64_t look_wanted(const struct db_tier *t)
{
	/* Bounds may be newer than the last decision. */
	return MIN(MAX(t->desired, t->min), t->max);
}

int look_check_well(const struct look *l, struct err *err)
{
	for (size_t i = 0; i < l->tiers.n; i++) {
		const struct db_tier *t = &l->tiers.v[i];
		const int64_t serve = look_serving(l, t->name);

		if (serve < look_wanted(t))
			return err_set(err, ERR_CONFLICT,
				       "%s/%s serves with %lld of %lld instances: wait "
				       "until it is whole",
				       l->stack, t->name, (long long)serve,
				       (long long)look_wanted(t));
	}
	for (size_t i = 0; i < l->hosts.n; i++)
		if (l->hosts.v[i].state != DB_HOST_UP)
			return err_set(err, ERR_CONFLICT,
				       "host %s is %s, and a drill takes one host at a "
				       "time: wait until all are up",
				       l->hosts.v[i].id,
				       db_host_state_name(l->hosts.v[i].state));
	return 0;
}

/* ---------------------------------------------------------------- the host to take */

static const struct db_tier *tier_of(const struct look *l, const struct db_unit *u)
{
	for (size_t i = 0; i < l->tiers.n; i++)
		if (strcmp(l->tiers.v[i].name, u->tier) == 0)
			return &l->tiers.v[i];
	return NULL;
}

static bool serves_elsewhere(const struct look *l, const struct db_unit *u)
{
	for (size_t i = 0; i < l->units.n; i++) {
		const struct db_unit *other = &l->units.v[i];

		if (strcmp(other->tier, u->tier) == 0 &&
		    strcmp(other->host, u->host) != 0 && look_serves(l, other))
			return true;
	}
	return false;
}

/* ERR_CONFLICT: this unit cannot be done without. */
static int check_spare(const struct look *l, const struct db_unit *u, struct err *err)
{
	const struct db_tier *t = tier_of(l, u);

	if (strcmp(u->stack, l->stack) != 0 || !t)
		return err_set(err, ERR_CONFLICT, "%s on host %s is of the stack %s",
			       u->name, u->host, u->stack);
	if (t->stateful)
		return err_set(err, ERR_CONFLICT, "%s on host %s is stateful", u->name,
			       u->host);
	if (!serves_elsewhere(l, u))
		return err_set(err, ERR_CONFLICT,
			       "no other host has an instance of %s/%s that serves",
			       l->stack, u->tier);
	return 0;
}

/* How many units it carries of which each can be done without. */
static int weigh(const struct look *l, const struct db_host *h, size_t *ret,
		 struct err *err)
{
	size_t n = 0;

	if (h->state != DB_HOST_UP)
		return err_set(err, ERR_CONFLICT, "host %s is %s", h->id,
			       db_host_state_name(h->state));
	for (size_t i = 0; i < l->units.n; i++) {
		int rc;

		if (strcmp(l->units.v[i].host, h->id) != 0)
			continue;
		rc = check_spare(l, &l->units.v[i], err);
		if (rc < 0)
			return rc;
		n++;
	}
	if (n == 0)
		return err_set(err, ERR_CONFLICT, "host %s carries no unit", h->id);
	*ret = n;
	return 0;
}

static bool carries_any(const struct look *l, const struct db_host *h,
			const json_t *names)
{
	size_t i;
	const json_t *name;

	json_array_foreach(names, i, name)
	{
		for (size_t k = 0; k < l->units.n; k++)
			if (strcmp(l->units.v[k].host, h->id) == 0 &&
			    strcmp(l->units.v[k].name, json_string_value(name)) == 0)
				return true;
	}
	return false;
}

int look_choose(const struct look *l, const char *wanted, const json_t *moved,
		const struct db_host **ret, struct err *err)
{
	struct err why = { .code = 0, .msg = "it has no host" };
	size_t least = SIZE_MAX;

	if (wanted && !look_host(l, wanted))
		return err_set(err, ERR_NOT_FOUND, "the stack %s has no host '%.80s'",
			       l->stack, wanted);
	*ret = NULL;
	for (size_t i = 0; i < l->hosts.n; i++) {
		const struct db_host *h = &l->hosts.v[i];
		size_t n = 0;

		if ((wanted && strcmp(h->id, wanted) != 0) || carries_any(l, h, moved) ||
		    weigh(l, h, &n, &why) < 0 || n >= least)
			continue;
		least = n;
		*ret = h;
	}
	if (*ret)
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "%s %s has no spare, so a drill would take it down: %s. Give each "
		       "tier an instance more, on another host",
		       wanted ? "for that host the stack" : "the stack", l->stack,
		       why.msg);
}
