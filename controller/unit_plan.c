/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit_plan.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 256

static void drain(struct fleet_unit *u)
{
	if (u->u.goal == DB_GOAL_DRAIN)
		return;
	u->u.goal = DB_GOAL_DRAIN;
	u->u.drained = false;
	u->healthy = false;
	u->dirty = true;
}

/* Nothing of it runs any more, or ever did. */
static bool has_drained(const struct fleet_unit *u)
{
	if (u->u.goal != DB_GOAL_DRAIN)
		return false;
	if (!*u->u.host || u->u.drained)
		return true;
	return u->host && u->host->states && u->host->states->epoch >= u->u.epoch &&
	       !states_get(u->host->states, u->u.name);
}

static bool stays(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->leaving && !u->gone;
}

/* ---------------------------------------------------------------- names */

/* "web@.service" and 3 give "web@3.service". */
static void instance_name(const char *template, size_t n, char name[NAME_MAX_BYTES])
{
	const char *at = strchr(template, '@');

	CHECK(at);
	snprintf(name, NAME_MAX_BYTES, "%.*s%zu%s", (int)(at + 1 - template), template, n,
		 at + 1);
}

static bool has_unit(const struct fleet *f, size_t first, size_t n, const char *name)
{
	for (size_t i = first; i < first + n; i++)
		if (strcmp(f->units[i].u.name, name) == 0)
			return true;
	return false;
}

static size_t instance_number(const char *name)
{
	const char *at = strchr(name, '@');

	return at ? strtoul(at + 1, NULL, 10) : 0;
}

/* ---------------------------------------------------------------- one tier */

static size_t wanted(const struct fleet_tier *t)
{
	int64_t n = t->t.desired >= 0 ? t->t.desired : t->t.min;

	return (size_t)(t->is_template ? n : MIN(n, 1));
}

static void add_units(struct fleet *f, struct fleet_tier *t, size_t n)
{
	size_t first = t->first_unit, old = t->n_units;
	size_t number = 1;

	while (n > 0) {
		char name[NAME_MAX_BYTES];

		if (t->is_template)
			instance_name(t->t.unit, number++, name);
		else
			snprintf(name, sizeof(name), "%s", t->t.unit);
		if (has_unit(f, first, old, name)) {
			if (!t->is_template)
				return;
			continue;
		}
		fleet_unit_set(fleet_unit_add(f, t, name),
			       &f->units[f->n_units - 1].u.hash, t->unit_hash);
		n--;
	}
}

/* How gladly a unit is let go: more is sooner. */
static int reluctance(const struct fleet_unit *u)
{
	if (!u->host)
		return 0;
	return u->healthy ? 2 : 1;
}

static struct fleet_unit *victim(struct fleet *f, const struct fleet_tier *t)
{
	struct fleet_unit *best = NULL;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!stays(u))
			continue;
		if (!best || reluctance(u) < reluctance(best) ||
		    (reluctance(u) == reluctance(best) &&
		     instance_number(u->u.name) > instance_number(best->u.name)))
			best = u;
	}
	return best;
}

/* Those that must leave go when the others carry the tier, or need their name. */
static void let_leave(struct fleet *f, struct fleet_tier *t, size_t want)
{
	size_t healthy = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		healthy += stays(&f->units[i]) && f->units[i].healthy;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		if (f->units[i].leaving && (healthy >= want || !t->is_template))
			drain(&f->units[i]);
}

static void roll_out(struct fleet *f, struct fleet_tier *t)
{
	struct fleet_unit *next = NULL;
	size_t n = 0, healthy = 0;

	if (!*t->unit_hash)
		return;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!stays(u))
			continue;
		n++;
		healthy += u->healthy;
		/* A sick one has nothing to lose and goes first. */
		if (strcmp(u->u.hash, t->unit_hash) != 0 && (!next || !u->healthy))
			next = u;
	}
	if (next && (healthy == n || !next->healthy))
		fleet_unit_set(next, &next->u.hash, t->unit_hash);
}

static void plan_tier(struct fleet *f, size_t index)
{
	struct fleet_tier *t = &f->tiers[index];
	size_t want = wanted(t), n = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		n += stays(&f->units[i]);
	for (; n > want; n--)
		drain(victim(f, t));
	let_leave(f, t, want);
	roll_out(f, t);
	if (n < want && t->unit)
		add_units(f, t, want - n);
}

/* ---------------------------------------------------------------- all */

void unit_plan(struct fleet *f)
{
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!u->tier)
			drain(u);
		if (has_drained(u))
			u->gone = true;
		if (u->host && u->host->h.state == DB_HOST_DRAINING &&
		    u->u.goal == DB_GOAL_RUN)
			u->leaving = true;
	}
	/* Units are added at the end, so the indexes of the tiers hold until the end. */
	for (size_t i = 0; i < f->n_tiers; i++)
		plan_tier(f, i);
	fleet_index(f);
}
