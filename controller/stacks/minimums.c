/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "minimums.h"

#include "buf.h"
#include "change_list.h"
#include "check.h"
#include "log.h"
#include "names.h"
#include "placement.h"
#include "tier_calendar.h"

#include <string.h>

#define INSTANCES_MAX 2000 /* of a tier, looked at */

/* A tier as it would be, with its unit. */
struct member {
	const struct db_tier *t;
	const struct stack_unit *unit;
	int *ports;
	size_t n_ports;
	int64_t least;    /* instances, with its schedules */
	const char *asks; /* the schedule that asks for them; NULL: its minimum */
};

struct members {
	struct db *db;
	struct db_pool_list pools;
	struct db_tier_list tiers;  /* in force */
	struct stack_file **stacks; /* of the tiers in force */
	struct calendar *calendars; /* [n] */
	struct member *v;
	size_t n_stacks, n;
};

static void members_done(struct members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].ports);
		calendar_done(&m->calendars[i]);
	}
	for (size_t i = 0; i < m->n_stacks; i++)
		stack_file_free(m->stacks[i]);
	free(m->v);
	free(m->calendars);
	free(m->stacks);
	db_pool_list_done(&m->pools);
	db_tier_list_done(&m->tiers);
}
DEFINE_CLEANUP_OBJECT(struct members, members_done);

/* ---------------------------------------------------------------- who shares a pool */

/* NULL when it cannot be read, such as an older version's: its tiers are left out. */
static const struct stack_file *stack_in_force(struct members *m, const char *name)
{
	CLEANUP(db_stack_done) struct db_stack row = { .name = NULL };
	struct stack_file *s = NULL;

	for (size_t i = 0; i < m->n_stacks; i++)
		if (strcmp(m->stacks[i]->name, name) == 0)
			return m->stacks[i];
	if (db_stack_get(m->db, name, &row, NULL) < 0 ||
	    stack_file_parse(row.text_json, &s, NULL) < 0)
		return NULL;
	m->stacks = xrealloc(m->stacks, (m->n_stacks + 1) * sizeof(*m->stacks));
	m->stacks[m->n_stacks++] = s;
	return s;
}

static int read_ports(struct member *x, struct err *err)
{
	CLEANUP(x_services_done) struct x_services services = { 0 };
	const struct unit_context ctx = { .name = x->unit->name, .host = x->t->stack };
	int rc = x_services_read(x->unit->file, &ctx, &services, err);

	x->ports = xcalloc(services.n + 1, sizeof(*x->ports));
	for (size_t i = 0; rc == 0 && i < services.n; i++)
		x->ports[x->n_ports++] = services.v[i].port;
	return rc;
}

static void find_least(struct member *x, const struct calendar *c)
{
	x->least = x->t->min;
	for (size_t i = 0; i < c->n; i++) {
		const int64_t min = MIN(c->rules[i].min, x->t->max);

		if (min <= x->least)
			continue;
		x->least = min;
		x->asks = c->rules[i].name;
	}
}

static int add_member(struct members *m, const struct stack_file *s,
		      const struct db_tier *t, struct err *err)
{
	const struct stack_unit *unit = s ? stack_file_unit(s, t->unit) : NULL;
	struct member *x;
	int rc;

	if (!unit)
		return 0;
	x = &m->v[m->n];
	*x = (struct member){ .t = t, .unit = unit };
	m->n++;
	rc = tier_calendar(t, &m->calendars[m->n - 1], err);
	if (rc == 0)
		find_least(x, &m->calendars[m->n - 1]);
	return rc < 0 ? rc : read_ports(x, err);
}

/* All tiers as they would be: those in force, with the stack or the tier in place of what
 * it replaces. */
static int list_members(struct members *m, const struct stack_file *s,
			const struct db_tier *t, struct err *err)
{
	int rc = db_tier_list(m->db, NULL, &m->tiers, err);
	const size_t most = m->tiers.n + (s ? s->tiers.n : 0);
	struct err why;

	if (rc == 0)
		rc = db_pool_list(m->db, &m->pools, err);
	m->v = xcalloc(most + 1, sizeof(*m->v));
	m->calendars = xcalloc(most + 1, sizeof(*m->calendars));
	for (size_t i = 0; s && rc == 0 && i < s->tiers.n; i++)
		rc = add_member(m, s, &s->tiers.v[i], err);
	for (size_t i = 0; rc == 0 && i < m->tiers.n; i++) {
		const struct db_tier *o = &m->tiers.v[i];

		if (s && strcmp(o->stack, s->name) == 0)
			continue;
		if (t && strcmp(o->stack, t->stack) == 0 && strcmp(o->name, t->name) == 0)
			o = t;
		/* What another version left there stops no apply. */
		if (add_member(m, stack_in_force(m, o->stack), o, &why) < 0)
			log_warn("tier-not-read", STR("stack", o->stack),
				 STR("tier", o->name), ERR(&why));
	}
	return rc;
}

/* ---------------------------------------------------------------- room in a pool */

struct trial {
	struct place_unit *units;
	struct x_fleet *fleets;
	char (*names)[UNIT_NAME_TEXT];
	struct place_tier *tiers;
	size_t n, n_tiers;
};

static void trial_done(struct trial *r)
{
	for (size_t i = 0; i < r->n; i++)
		x_fleet_done(&r->fleets[i]);
	free(r->units);
	free(r->fleets);
	free(r->names);
	free(r->tiers);
}
DEFINE_CLEANUP_OBJECT(struct trial, trial_done);

static void add_instances(struct trial *r, const struct member *x, int64_t count)
{
	r->tiers[r->n_tiers++] = (struct place_tier){ .stack = x->t->stack,
						      .tier = x->t->name,
						      .probe = PLACE_NOWHERE };
	for (int64_t i = 1; i <= count; i++) {
		char number[24], *name = r->names[r->n];
		struct place_unit *u = &r->units[r->n];

		snprintf(number, sizeof(number), "%lld", (long long)i);
		if (!x->unit->is_template)
			snprintf(name, UNIT_NAME_TEXT, "%s", x->unit->name);
		else if (unit_name_of_template(x->unit->name, number, name, NULL) < 0)
			return;
		*u = (struct place_unit){ .name = name,
					  .stack = x->t->stack,
					  .tier = x->t->name,
					  .pool = x->t->pool,
					  .cpu = x->t->cpu,
					  .memory_bytes = x->t->memory_bytes,
					  .ports = x->ports,
					  .n_ports = x->n_ports,
					  .priority = (int)x->t->priority };
		if (x_fleet_read(x->unit->file, name, &r->fleets[r->n], NULL, NULL) == 0)
			u->fleet = &r->fleets[r->n];
		r->n++;
	}
}

static int64_t looked_at(int64_t n)
{
	return MIN(n, INSTANCES_MAX);
}

static void trial_init(struct trial *r, size_t tiers, int64_t most)
{
	*r = (struct trial){ .units = xcalloc((size_t)most + 1, sizeof(*r->units)),
			     .fleets = xcalloc((size_t)most + 1, sizeof(*r->fleets)),
			     .names = xcalloc((size_t)most + 1, sizeof(*r->names)),
			     .tiers = xcalloc(tiers + 1, sizeof(*r->tiers)) };
}

static int by_names(const void *a, const void *b)
{
	const struct place_tier *x = a, *y = b;
	int d = strcmp(x->stack, y->stack);

	return d ? d : strcmp(x->tier, y->tier);
}

/* How many of the trial's instances find no room in the pool's hosts, all of them new. */
static int64_t count_short(struct trial *r, const struct db_pool *p)
{
	CLEANUP(free)
	struct place_room *rooms = xcalloc(r->n_tiers + 1, sizeof(*rooms));
	const struct place_pool pool = { .name = p->name,
					 .cpu = p->cpu,
					 .memory_bytes = p->memory_bytes,
					 .max = (size_t)p->max };
	int64_t n = 0;

	qsort(r->tiers, r->n_tiers, sizeof(*r->tiers), by_names);
	placement_find_room(&(struct place_input){ .units = r->units,
						   .n_units = r->n,
						   .pools = &pool,
						   .n_pools = 1 },
			    r->tiers, r->n_tiers, rooms);
	for (size_t i = 0; i < r->n_tiers; i++)
		n += (int64_t)rooms[i].waiting;
	return n;
}

static bool warn_of_member(const struct member *x, const struct db_pool *p, json_t *to)
{
	const int64_t n = looked_at(x->least);
	CLEANUP(trial_done) struct trial r;
	int64_t lacking;

	trial_init(&r, 1, n);
	add_instances(&r, x, n);
	lacking = count_short(&r, p);
	if (lacking == 0)
		return false;
	change_list_warn(
		to, "%s: %s%s%s %lld, but pool %s has room for %lld (max = %lld hosts)",
		x->t->name, x->asks ? "schedule '" : "the minimum is",
		x->asks ? x->asks : "", x->asks ? "' asks for" : "", (long long)x->least,
		p->name, (long long)(n - lacking), (long long)p->max);
	return true;
}

/* All minimums together, without schedules. */
static void warn_of_sum(const struct members *m, const struct db_pool *p, json_t *to)
{
	CLEANUP(trial_done) struct trial r;
	CLEANUP(buf_done) struct buf list;
	int64_t all = 0, lacking;

	buf_init(&list, 1000);
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].t->pool, p->name) == 0)
			all += looked_at(m->v[i].t->min);
	trial_init(&r, m->n, all);
	for (size_t i = 0; i < m->n; i++) {
		const struct db_tier *t = m->v[i].t;

		if (strcmp(t->pool, p->name) != 0 || t->min == 0)
			continue;
		add_instances(&r, &m->v[i], looked_at(t->min));
		buf_printf(&list, "%s%lld of %s/%s", list.len ? ", " : "",
			   (long long)t->min, t->stack, t->name);
	}
	lacking = count_short(&r, p);
	if (lacking > 0)
		change_list_warn(
			to,
			"pool %s has room for %lld of the %lld instances that its "
			"tiers have at least (%s; max = %lld hosts)",
			p->name, (long long)((int64_t)r.n - lacking), (long long)r.n,
			buf_str(&list), (long long)p->max);
}

static void warn_of_pool(const struct members *m, const struct db_pool *p, json_t *to)
{
	bool is_told = false;

	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].t->pool, p->name) == 0)
			is_told |= warn_of_member(&m->v[i], p, to);
	if (!is_told)
		warn_of_sum(m, p, to);
}

static bool uses(const struct stack_file *s, const struct db_tier *t, const char *pool)
{
	if (t)
		return strcmp(t->pool, pool) == 0;
	for (size_t i = 0; i < s->tiers.n; i++)
		if (strcmp(s->tiers.v[i].pool, pool) == 0)
			return true;
	return false;
}

int minimums_warn(struct db *db, const struct stack_file *s, const struct db_tier *t,
		  json_t *to, struct err *err)
{
	CLEANUP(members_done) struct members m = { .db = db };
	int rc = list_members(&m, s, t, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; s && i < s->pools.n; i++)
		if (uses(s, t, s->pools.v[i].name))
			warn_of_pool(&m, &s->pools.v[i], to);
	for (size_t i = 0; i < m.pools.n; i++)
		if (!(s && stack_pool_in(&s->pools, m.pools.v[i].name)) &&
		    uses(s, t, m.pools.v[i].name))
			warn_of_pool(&m, &m.pools.v[i], to);
	return 0;
}
