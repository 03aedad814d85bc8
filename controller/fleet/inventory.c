/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inventory.h"

#include "check.h"
#include "money.h"
#include "sorted.h"

#include <stdio.h>
#include <string.h>

/* Within it an instance is drained and its host terminated, each by one of the next
 * ticks, before another unit begins; of an hour it leaves a thirtieth unused. */
#define ENDING_MS 120000

/* ---------------------------------------------------------------- loading */

static int load_hosts(struct db *db, struct fleet *f, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	int rc = db_host_list(db, &(struct db_host_filter){ .present = true }, &l, err);

	if (rc < 0)
		return rc;
	f->hosts = xcalloc(l.n, sizeof(*f->hosts));
	f->n_hosts = l.n;
	for (size_t i = 0; i < l.n; i++)
		f->hosts[i].h = l.v[i];
	free(TAKE(l.v));
	l.n = 0;
	return 0;
}

static int load_tiers(struct db *db, struct fleet *f, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list l = { 0 };
	int rc = db_tier_list(db, NULL, &l, err);

	if (rc < 0)
		return rc;
	f->tiers = xcalloc(l.n, sizeof(*f->tiers));
	f->n_tiers = l.n;
	for (size_t i = 0; i < l.n; i++)
		f->tiers[i].t = l.v[i];
	free(TAKE(l.v));
	l.n = 0;
	return 0;
}

static int load_roll_outs(struct db *db, struct fleet *f, struct err *err)
{
	CLEANUP(db_roll_out_list_done) struct db_roll_out_list l = { 0 };
	int rc = db_roll_out_list(db, NULL, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		struct fleet_tier *t = fleet_tier(f, l.v[i].stack, l.v[i].tier);

		if (!t)
			continue;
		t->roll = l.v[i];
		l.v[i] = (struct db_roll_out){ 0 };
	}
	return rc;
}

static int load_units(struct db *db, struct fleet *f, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list l = { 0 };
	int rc = db_unit_list(db, NULL, &l, err);

	if (rc < 0)
		return rc;
	f->units = xcalloc(l.n, sizeof(*f->units));
	f->n_units = f->cap_units = l.n;
	for (size_t i = 0; i < l.n; i++)
		f->units[i].u = l.v[i];
	free(TAKE(l.v));
	l.n = 0;
	return 0;
}

static int load_all(struct db *db, void *arg, struct err *err)
{
	struct fleet *f = arg;
	int rc;

	if ((rc = db_stack_list(db, &f->stacks, err)) < 0 ||
	    (rc = db_pool_list(db, &f->pools, err)) < 0 ||
	    (rc = db_hold_list(db, NULL, f->now_ms, &f->holds, err)) < 0 ||
	    (rc = load_hosts(db, f, err)) < 0 || (rc = load_tiers(db, f, err)) < 0 ||
	    (rc = load_roll_outs(db, f, err)) < 0)
		return rc;
	return load_units(db, f, err);
}

int fleet_load(struct db *db, int64_t now_ms, struct fleet **ret, struct err *err)
{
	CLEANUP(fleet_free) struct fleet *f = xcalloc(1, sizeof(*f));
	int rc;

	f->now_ms = now_ms;
	rc = db_read_tx(db, load_all, f, err);
	if (rc < 0)
		return rc;
	fleet_index(f);
	*ret = TAKE(f);
	return 0;
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_hosts; i++) {
		db_host_done(&f->hosts[i].h);
		json_decref(f->hosts[i].metadata);
		json_decref(f->hosts[i].vanished);
		json_decref(f->hosts[i].put_right);
		json_decref(f->hosts[i].notice);
		states_free(f->hosts[i].states);
	}
	for (size_t i = 0; i < f->n_tiers; i++) {
		db_tier_done(&f->tiers[i].t);
		db_roll_out_done(&f->tiers[i].roll);
	}
	for (size_t i = 0; i < f->n_units; i++)
		db_unit_done(&f->units[i].u);
	free(f->hosts);
	free(f->tiers);
	free(f->units);
	db_stack_list_done(&f->stacks);
	db_pool_list_done(&f->pools);
	db_hold_list_done(&f->holds);
	free(f);
}

/* ---------------------------------------------------------------- finding */

static int host_by_id(const void *key, const void *item)
{
	return strcmp(key, ((const struct fleet_host *)item)->h.id);
}

struct fleet_host *fleet_host(struct fleet *f, const char *id)
{
	return f->n_hosts
		       ? bsearch(id, f->hosts, f->n_hosts, sizeof(*f->hosts), host_by_id)
		       : NULL;
}

const struct db_pool *fleet_pool(const struct fleet *f, const char *name)
{
	const struct db_pool_list *l = &f->pools;
	const size_t i = SORTED_PLACE(l->n, at, strcmp(l->v[at].name, name) < 0);

	return i < l->n && strcmp(l->v[i].name, name) == 0 ? &l->v[i] : NULL;
}

bool fleet_pool_is_held(const struct fleet *f, const char *name)
{
	const struct db_pool *p = fleet_pool(f, name);

	for (size_t i = 0; p && i < f->holds.n; i++)
		if (strcmp(f->holds.v[i].stack, p->stack) == 0)
			return true;
	return false;
}

static bool is_bound_by_quota(const struct db_pool *p)
{
	return p->has_quota && p->quota_most < p->max;
}

int64_t fleet_pool_most(const struct db_pool *p)
{
	return is_bound_by_quota(p) ? p->quota_most : p->max;
}

const char *fleet_pool_bound(const struct db_pool *p, char *ret, size_t size)
{
	if (p && is_bound_by_quota(p))
		snprintf(ret, size, "its quota allows %lld hosts",
			 (long long)p->quota_most);
	else
		snprintf(ret, size, "max = %lld hosts", (long long)(p ? p->max : 0));
	return ret;
}

bool fleet_pool_is_paid_ahead(const struct db_pool *p)
{
	return paid_for(pool_paid_terms(p), 1) > ENDING_MS;
}

bool fleet_host_is_ending(const struct fleet *f, const struct fleet_host *h)
{
	const struct db_pool *p = fleet_pool(f, h->h.pool);
	const int64_t used_ms = MAX(f->now_ms - h->h.requested_ms, INT64_C(0));

	/* A unit that begins now is paid for. */
	return fleet_pool_is_paid_ahead(p) &&
	       paid_for(pool_paid_terms(p), used_ms + 1) - used_ms <= ENDING_MS;
}

struct tier_key {
	const char *stack, *name;
};

static int tier_by_key(const void *key, const void *item)
{
	const struct tier_key *k = key;
	const struct fleet_tier *t = item;
	int c = strcmp(k->stack, t->t.stack);

	return c ? c : strcmp(k->name, t->t.name);
}

struct fleet_tier *fleet_tier(struct fleet *f, const char *stack, const char *name)
{
	struct tier_key key = { stack, name };

	return f->n_tiers ? bsearch(&key, f->tiers, f->n_tiers, sizeof(*f->tiers),
				    tier_by_key)
			  : NULL;
}

bool fleet_roll_out_is_stopped(const struct fleet_tier *t)
{
	return t->roll.stack && (t->roll.state == DB_ROLL_OUT_STOPPED ||
				 t->roll.state == DB_ROLL_OUT_BANNED);
}

bool fleet_unit_is_banned(const struct fleet_unit *u)
{
	const struct db_roll_out *r = u->tier ? &u->tier->roll : NULL;

	return r && r->stack && r->state == DB_ROLL_OUT_BANNED &&
	       strcmp(u->u.hash, r->hash) == 0;
}

/* ---------------------------------------------------------------- units */

struct fleet_unit *fleet_unit_add(struct fleet *f, struct fleet_tier *tier,
				  const char *name)
{
	struct fleet_unit *u;

	if (f->n_units == f->cap_units) {
		f->cap_units = f->cap_units * 2 + 16;
		f->units = xrealloc(f->units, f->cap_units * sizeof(*f->units));
	}
	u = &f->units[f->n_units++];
	*u = (struct fleet_unit){
		.u = {
			.name = xstrdup(name),
			.stack = xstrdup(tier->t.stack),
			.tier = xstrdup(tier->t.name),
			.host = xstrdup(""),
			.hash = xstrdup(""),
			.goal = DB_GOAL_RUN,
			.wanted_ms = f->now_ms,
			.active = xstrdup(""),
			.sub = xstrdup(""),
			.health = xstrdup(""),
			.message = xstrdup(""),
		},
		.dirty = true,
	};
	return u;
}

/* Where ":HOST" begins. No unit is called so: the end of a unit's name has a dot, a
 * host's id has none. */
static const char *host_in(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon && !strchr(colon, '.') ? colon : NULL;
}

bool fleet_unit_is_left_behind(const struct fleet_unit *u)
{
	return host_in(u->u.name) != NULL;
}

const char *fleet_name_on_host(const char *name, char ret[UNIT_NAME_TEXT])
{
	const char *end = host_in(name);

	snprintf(ret, UNIT_NAME_TEXT, "%.*s", end ? (int)(end - name) : (int)strlen(name),
		 name);
	return ret;
}

const char *fleet_unit_name(const struct fleet_unit *u, char ret[UNIT_NAME_TEXT])
{
	return fleet_name_on_host(u->u.name, ret);
}

void fleet_unit_leave_name(struct fleet_unit *u)
{
	char *name = xasprintf("%s:%s", u->u.name, u->u.host);

	free(u->u.name);
	u->u.name = name;
	u->dirty = true;
}

static int unit_order(const void *a, const void *b)
{
	const struct db_unit *x = &((const struct fleet_unit *)a)->u;
	const struct db_unit *y = &((const struct fleet_unit *)b)->u;
	int c = strcmp(x->stack, y->stack);

	if (c == 0)
		c = strcmp(x->tier, y->tier);
	return c ? c : strcmp(x->name, y->name);
}

static void count_on_host(const struct fleet_unit *u)
{
	struct fleet_host *h = u->host;

	h->n_units++;
	if (u->u.goal == DB_GOAL_DRAIN)
		return;
	h->n_wanted++;
	h->cpu_wanted += u->tier ? u->tier->t.cpu : 0;
}

/* Most are where they were; hosts stay in place as long as the fleet exists. */
static struct fleet_host *host_of(struct fleet *f, const struct fleet_unit *u)
{
	if (!*u->u.host)
		return NULL;
	return u->host && strcmp(u->host->h.id, u->u.host) == 0
		       ? u->host
		       : fleet_host(f, u->u.host);
}

/* Units are in the order of their tiers. */
static struct fleet_tier *tier_of(struct fleet *f, size_t i)
{
	const struct db_unit *u = &f->units[i].u;
	const struct db_unit *before = i > 0 ? &f->units[i - 1].u : NULL;

	return before && strcmp(before->tier, u->tier) == 0 &&
			       strcmp(before->stack, u->stack) == 0
		       ? f->units[i - 1].tier
		       : fleet_tier(f, u->stack, u->tier);
}

static void count_unit(struct fleet *f, size_t i)
{
	struct fleet_unit *u = &f->units[i];
	struct fleet_tier *t = tier_of(f, i);

	u->tier = t;
	u->host = host_of(f, u);
	if (u->host && !u->gone)
		count_on_host(u);
	if (!t)
		return;
	if (t->n_units++ == 0)
		t->first_unit = i;
	if (u->gone)
		return;
	t->running += u->u.goal == DB_GOAL_RUN && !u->away && !u->failing &&
		      (u->healthy || !u->sick);
	t->draining += u->u.goal == DB_GOAL_DRAIN;
	t->healthy += u->healthy;
}

static bool is_sorted(const struct fleet *f)
{
	for (size_t i = 1; i < f->n_units; i++)
		if (unit_order(&f->units[i - 1], &f->units[i]) > 0)
			return false;
	return true;
}

void fleet_index(struct fleet *f)
{
	if (!is_sorted(f))
		qsort(f->units, f->n_units, sizeof(*f->units), unit_order);
	for (size_t i = 0; i < f->n_hosts; i++) {
		f->hosts[i].n_units = f->hosts[i].n_wanted = 0;
		f->hosts[i].cpu_wanted = 0;
	}
	for (size_t i = 0; i < f->n_tiers; i++) {
		struct fleet_tier *t = &f->tiers[i];

		t->first_unit = t->n_units = t->running = t->healthy = t->draining = 0;
	}
	for (size_t i = 0; i < f->n_units; i++)
		count_unit(f, i);
}

void fleet_unit_set(struct fleet_unit *u, char **member, const char *value)
{
	if (strcmp(*member, value) == 0)
		return;
	free(*member);
	*member = xstrdup(value);
	u->dirty = true;
}

void fleet_unit_unplace(const struct fleet *f, struct fleet_unit *u)
{
	fleet_unit_set(u, &u->u.host, "");
	u->host = NULL;
	u->u.placed_ms = u->u.healthy_ms = 0;
	/* Its replacement is requested now. */
	u->u.wanted_ms = f->now_ms;
}

int fleet_save_units(struct db *db, struct fleet *f, struct err *err)
{
	CLEANUP(free) struct db_unit *put = xcalloc(f->n_units, sizeof(*put));
	CLEANUP(free) const char **del = xcalloc(f->n_units, sizeof(char *));
	size_t n_put = 0, n_del = 0;
	int rc;

	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (u->gone)
			del[n_del++] = u->u.name;
		else if (u->dirty)
			put[n_put++] = u->u;
	}
	if (n_put + n_del == 0)
		return 0;
	rc = db_units_change(db, put, n_put, del, n_del, err);
	for (size_t i = 0; rc == 0 && i < f->n_units; i++)
		f->units[i].dirty = false;
	return rc;
}
