/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan_units.h"

#include "check.h"
#include "placement.h"
#include "sick_units.h"
#include "stack_catalog.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

static void drain(struct fleet_unit *u)
{
	if (u->u.goal == DB_GOAL_DRAIN)
		return;
	u->u.goal = DB_GOAL_DRAIN;
	u->u.drained = false;
	u->healthy = false;
	u->dirty = true;
}

/* A person drains its host, which has been silent for too long; whether others are as
 * well is not asked. */
static bool is_given_up_by_hand(const struct fleet_unit *u)
{
	const struct fleet_host *h = u->host;

	return h && h->is_long_silent && h->h.state == DB_HOST_DRAINING;
}

/* No answer of its host is waited for: it has been silent for too long, or is unknown and
 * a person has removed the tier. */
static bool is_given_up(const struct fleet_unit *u)
{
	const struct fleet_host *h = u->host;

	return h && (h->is_due || is_given_up_by_hand(u) ||
		     (!u->tier && h->h.unknown_ms && !h->alive));
}

static bool is_going(const struct fleet_unit *u)
{
	return u->host && u->host->is_going;
}

/* It is stopped, and run again on its host. */
static void restart(struct fleet_unit *u)
{
	u->u.goal = DB_GOAL_RESTART;
	u->u.drained = false;
	u->healthy = false;
	u->dirty = true;
}

/* It no longer runs, or never did. */
static bool has_drained(const struct fleet_unit *u)
{
	char name[UNIT_NAME_TEXT];

	if (u->u.goal == DB_GOAL_RUN)
		return false;
	if (!*u->u.host || u->u.drained || is_given_up(u))
		return true;
	return u->host && u->host->states && u->host->states->epoch >= u->u.epoch &&
	       !states_get(u->host->states, fleet_unit_name(u, name));
}

static bool stays(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->leaving && !u->away && !u->gone;
}

/* Another takes the place of one that is away, and of one that is made up for, unless it
 * is given up: then it is the one that goes. */
static bool counts(const struct fleet_unit *u)
{
	return stays(u) && (!u->made_up || u->given);
}

static bool is_restarting(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RESTART && !u->gone;
}

static bool is_made_up(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->gone && u->made_up;
}

/* ---------------------------------------------------------------- names */

void unit_instance_name(const char *template, size_t n, char name[UNIT_NAME_TEXT])
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", n);
	CHECK(unit_name_of_template(template, number, name, NULL) == 0);
}

static struct fleet_unit *find_unit(const struct fleet *f, size_t first, size_t n,
				    const char *name)
{
	for (size_t i = first; i < first + n; i++)
		if (strcmp(f->units[i].u.name, name) == 0)
			return &f->units[i];
	return NULL;
}

/* Whether it is of its tier's present unit, with any text; the tier's cat is known. */
static bool is_of_tier(const struct fleet_unit *u)
{
	char name[UNIT_NAME_TEXT], file[UNIT_NAME_TEXT];

	return strcmp(unit_name_file(fleet_unit_name(u, name), file), u->tier->t.unit) ==
	       0;
}

/*
 * A unit that is no template, whose host is drained, runs on there until another of it
 * serves elsewhere. What holds state must not run twice.
 */
static bool may_run_twice(const struct fleet_unit *u)
{
	return u->leaving && u->host && u->host->h.state == DB_HOST_DRAINING &&
	       !u->failing && !u->tier->t.stateful && is_of_tier(u);
}

/* Makes the name of the tier's only unit free, when that may be. */
static bool free_name(struct fleet_unit *u)
{
	if (!u)
		return true;
	if (u->u.goal != DB_GOAL_RUN || u->gone || !may_run_twice(u))
		return false;
	fleet_unit_leave_name(u);
	return true;
}

/* ---------------------------------------------------------------- one tier */

static size_t wanted(const struct fleet_tier *t)
{
	int64_t n = t->t.desired >= 0 ? t->t.desired : t->t.min;

	return (size_t)(t->cat->unit->is_template ? n : MIN(n, 1));
}

static bool runs_text(const struct fleet *f, const struct fleet_tier *t, const char *hash)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		if (*f->units[i].u.host && strcmp(f->units[i].u.hash, hash) == 0)
			return true;
	return false;
}

/* The text of instances that are added: not one that is not proven yet, while the store
 * has the one before it. NULL: there is none. */
static const char *text_for_new(const struct fleet *f, const struct fleet_tier *t)
{
	const struct db_roll_out *r = &t->roll;
	const char *hash = t->cat->unit->hash;

	if (!r->stack || r->state == DB_ROLL_OUT_DONE || strcmp(r->hash, hash) != 0)
		return hash;
	if (*r->good && strcmp(r->good, hash) != 0 && runs_text(f, t, r->good))
		return r->good;
	return r->state == DB_ROLL_OUT_BANNED ? NULL : hash;
}

static void add_unit(struct fleet *f, struct fleet_tier *t, const char *name,
		     const char *hash)
{
	struct fleet_unit *u = fleet_unit_add(f, t, name);

	fleet_unit_set(u, &u->u.hash, hash);
}

static void add_units(struct fleet *f, struct fleet_tier *t, size_t n)
{
	size_t first = t->first_unit, old = t->n_units;
	CLEANUP(free) char *hash = NULL;

	if (n == 0 || !text_for_new(f, t))
		return;
	hash = xstrdup(text_for_new(f, t));
	if (!t->cat->unit->is_template) {
		if (free_name(find_unit(f, first, old, t->t.unit)))
			add_unit(f, t, t->t.unit, hash);
		return;
	}
	for (size_t number = 1; n > 0; number++) {
		char name[UNIT_NAME_TEXT];

		unit_instance_name(t->t.unit, number, name);
		if (find_unit(f, first, old, name))
			continue;
		add_unit(f, t, name, hash);
		n--;
	}
}

static struct place_victim as_victim(const struct fleet *f, const struct fleet_unit *u)
{
	return (struct place_victim){
		.name = u->u.name,
		.has_host = u->host != NULL,
		.is_given = u->given,
		.is_healthy = u->healthy,
		.on_draining = u->host && u->host->h.state == DB_HOST_DRAINING,
		.is_ending = u->host && fleet_host_is_ending(f, u->host),
		.neighbours = u->host ? u->host->n_units - 1 : 0,
		.host_joined_ms = u->host ? u->host->h.joined_ms : 0,
		.wanted_ms = u->u.wanted_ms,
	};
}

/* Marks n more of the tier's units as leaving. A sick one waits until others serve. */
static void drain_some(struct fleet *f, struct fleet_tier *t, size_t n)
{
	CLEANUP(free) struct place_victim *v = xcalloc(t->n_units, sizeof(*v));
	size_t n_v = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		if (counts(&f->units[i]))
			v[n_v++] = as_victim(f, &f->units[i]);
	placement_sort_victims(v, n_v);
	for (size_t k = 0; k < n; k++)
		for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
			if (strcmp(f->units[i].u.name, v[k].name) == 0)
				drain(&f->units[i]);
}

/* Those that are being restarted are too many before one that runs is. */
static size_t drain_restarting(struct fleet *f, struct fleet_tier *t, size_t n)
{
	for (size_t i = t->first_unit; n > 0 && i < t->first_unit + t->n_units; i++) {
		if (!is_restarting(&f->units[i]))
			continue;
		drain(&f->units[i]);
		n--;
	}
	return n;
}

static size_t count_all(const struct fleet *f, const struct fleet_tier *t)
{
	size_t n = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		n += counts(&f->units[i]) || is_made_up(&f->units[i]) ||
		     is_restarting(&f->units[i]);
	return n;
}

/* How many of `want` may serve. Between decisions all: they may be for a minimum that is
 * to come. */
static size_t allowed(const struct fleet *f, const struct fleet_tier *t, size_t want)
{
	return t->is_decided && sick_may_replace(f, t) ? MIN(want, sick_most(f, t))
						       : want;
}

/* A lower maximum is obeyed at once: what is too many and serves nobody goes first. */
static void obey_most(struct fleet *f, const struct fleet_tier *t, size_t want)
{
	const size_t most = MAX(sick_most(f, t), want);
	size_t n = count_all(f, t);

	for (size_t i = t->first_unit; n > most && i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!is_made_up(u) || !u->seen_down)
			continue;
		drain(u);
		n--;
	}
}

/*
 * Leaving units are drained once the others carry the tier or need their name, or when
 * they carry nothing themselves, as on a host that is given up. On one that goes within
 * seconds they are while there are others: who is drained breaks no request.
 */
static void let_leave(struct fleet *f, struct fleet_tier *t, size_t want)
{
	size_t healthy = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		healthy += counts(&f->units[i]) && f->units[i].healthy;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (u->leaving && (healthy >= want || (healthy > 0 && is_going(u)) ||
				   (u->failing && !u->sick) || is_given_up_by_hand(u) ||
				   !(t->cat->unit->is_template || may_run_twice(u))))
			drain(u);
	}
}

static void roll_out(struct fleet *f, struct fleet_tier *t)
{
	struct fleet_unit *next = NULL;
	size_t n = 0, healthy = 0;

	if (t->roll_waits || fleet_roll_out_is_stopped(t))
		return;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		/* One that has come to serve no more holds a roll-out up as well. */
		if (!stays(u) && !is_made_up(u))
			continue;
		n++;
		/* Even a program that exits at once runs for a moment. */
		healthy += u->healthy && !u->unsteady;
		/* An unhealthy one carries nothing, so it is replaced first. */
		if (strcmp(u->u.hash, t->cat->unit->hash) != 0 && (!next || !u->healthy))
			next = u;
	}
	if (!next || (healthy < n && next->healthy))
		return;
	fleet_unit_set(next, &next->u.hash, t->cat->unit->hash);
	/* It starts anew: what the text before it took is no part of its lead time. */
	if (next->host && !next->u.healthy_ms)
		next->u.placed_ms = f->now_ms;
	/* Its state was the old text's. */
	fleet_unit_set(next, &next->u.active, "");
}

/* What may start at once beside those that start already, in place of sick ones. */
static size_t step_left(const struct fleet *f, const struct fleet_tier *t)
{
	int64_t left = t->t.step_out_max > 0 ? t->t.step_out_max : INT64_MAX;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		left -= counts(u) && !u->healthy && !u->failing;
	}
	return (size_t)MAX(left, INT64_C(0));
}

/* What is missing to `want` that count, as far as there may be so many. */
static size_t to_add(const struct fleet *f, const struct fleet_tier *t, size_t n,
		     size_t want)
{
	const size_t room = sick_room(f, t, want), all = count_all(f, t);
	size_t add = n < want && all < room ? MIN(want - n, room - all) : 0;

	/* The decision took no step for those that are made up for. */
	return all > n ? MIN(add, step_left(f, t)) : add;
}

/* Those that have stopped, or whose host is not heard, with the text that is good. */
static void run_again(struct fleet *f, struct fleet_tier *t)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];
		const char *hash = text_for_new(f, t);

		if (!is_restarting(u) || !(has_drained(u) || u->away) || !hash)
			continue;
		fleet_unit_set(u, &u->u.hash, hash);
		fleet_unit_set(u, &u->u.active, "");
		u->u.goal = DB_GOAL_RUN;
		u->u.drained = false;
		u->u.placed_ms = *u->u.host ? f->now_ms : 0;
		u->u.healthy_ms = 0;
		u->dirty = true;
	}
}

/* A host that has just returned has yet to say what it runs: its unit only looks as if it
 * carried nothing. */
static bool is_one_unclear(const struct fleet *f, const struct fleet_tier *t)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (counts(u) && !u->healthy && !u->sick && !u->failing && u->host &&
		    u->host->alive && !u->host->states)
			return true;
	}
	return false;
}

static void plan_tier(struct fleet *f, size_t index)
{
	struct fleet_tier *t = &f->tiers[index];
	size_t want, n = 0;

	if (!t->cat)
		return;
	want = wanted(t);
	run_again(f, t);
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		n += counts(&f->units[i]) || is_restarting(&f->units[i]);
	if (n > want && !is_one_unclear(f, t))
		drain_some(f, t, drain_restarting(f, t, n - want));
	obey_most(f, t, allowed(f, t, want));
	let_leave(f, t, allowed(f, t, want));
	roll_out(f, t);
	add_units(f, t, to_add(f, t, n, want));
}

/* ---------------------------------------------------------------- all */

/* Its host is drained, or the tier has another unit file now. */
static bool must_leave(const struct fleet_unit *u)
{
	return (u->host && u->host->h.state == DB_HOST_DRAINING) ||
	       (u->tier && u->tier->cat && !is_of_tier(u));
}

void unit_plan(struct fleet *f)
{
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!u->tier || u->give_up || (!u->host && fleet_unit_is_banned(u)) ||
		    (fleet_unit_is_left_behind(u) && !*u->u.host))
			drain(u);
		if (u->u.goal == DB_GOAL_RESTART && must_leave(u))
			drain(u);
		if (u->u.goal == DB_GOAL_DRAIN && has_drained(u))
			u->gone = true;
		if (u->u.goal != DB_GOAL_RUN)
			continue;
		if (u->restart)
			restart(u);
		u->leaving |= must_leave(u);
	}
	/* Units are appended, so the tiers' indexes stay valid in this loop. */
	for (size_t i = 0; i < f->n_tiers; i++)
		plan_tier(f, i);
	fleet_index(f);
}
