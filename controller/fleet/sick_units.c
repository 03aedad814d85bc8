/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sick_units.h"

#include "check.h"
#include "failing_state.h"
#include "stack_catalog.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_BYTES 200             /* of a unit's message, when quoted */
#define DOWN_MS 60000                 /* real */
#define COME_MS (5 * INT64_C(60000))  /* calendar: from its start to its first pass */
#define LEAVE_MS (5 * INT64_C(60000)) /* calendar */

/* ---------------------------------------------------------------- one instance */

static void report(const struct events *events, enum db_level level,
		   const struct fleet_unit *u, const char *kind, const char *what)
{
	event_add(events, kind, level,
		  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier, .host = u->u.host,
			      .unit = u->u.name),
		  "unit %s on host %s %s", u->u.name, u->u.host, what);
}

static void fall_sick(struct tracked_unit *p, const struct fleet_unit *u,
		      const struct unit_state *s, int64_t now_ms,
		      const struct events *events)
{
	const char *what = s->health == HEALTH_FAILING ? "fails its check"
			   : p->served                 ? "is down"
						       : "has not come to serve";
	const char *why = *s->message ? s->message : s->active;

	p->sick = xasprintf("%s: %.*s", what, (int)utf8_fit(why, MESSAGE_BYTES), why);
	p->sick_ms = now_ms;
	report(events, DB_LEVEL_WARN, u, "unit-sick", p->sick);
}

/* It is up, and has never passed its check for long. */
static bool does_not_come(const struct tracked_unit *p, const struct unit_state *s,
			  int64_t now_ms)
{
	return !p->served && s->health == HEALTH_STARTING && s->since_ms > 0 &&
	       strcmp(s->active, "active") == 0 && now_ms - s->since_ms >= COME_MS;
}

static void look_at(struct tracked_unit *p, const struct fleet_unit *u,
		    const struct unit_state *s, int64_t now_ms, int64_t now_mono_ms,
		    const struct events *events)
{
	bool is_down;

	if (u->healthy) {
		p->down_mono_ms = 0;
		if (p->sick && p->is_stable) {
			report(events, DB_LEVEL_INFO, u, "unit-serves", "serves again");
			failing_set_text(&p->sick, NULL);
		}
		return;
	}
	if (p->served && !p->down_mono_ms)
		p->down_mono_ms = now_mono_ms;
	is_down = p->down_mono_ms && (p->why || now_mono_ms - p->down_mono_ms >= DOWN_MS);
	if (!p->sick &&
	    (s->health == HEALTH_FAILING || is_down || does_not_come(p, s, now_ms)))
		fall_sick(p, u, s, now_ms, events);
}

void sick_examine(struct tracked_unit *p, struct fleet_unit *u,
		  const struct unit_state *s, int64_t now_ms, int64_t now_mono_ms,
		  const struct events *events)
{
	/* When the clock was set back, it is not sick in the future. */
	p->sick_ms = MIN(p->sick_ms, now_ms);
	if (s)
		look_at(p, u, s, now_ms, now_mono_ms, events);
	u->sick = p->sick;
	u->sick_ms = p->sick_ms;
}

/* ---------------------------------------------------------------- a tier */

struct sickness {
	size_t n;      /* instances that should run */
	size_t sick;   /* of them */
	size_t proven; /* that serve, and were requested after the first fell sick */
	struct fleet_unit *first; /* that has been sick longest; NULL: none is */
};

static bool is_running(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->gone;
}

static struct sickness count(const struct fleet *f, const struct fleet_tier *t)
{
	struct sickness s = { 0 };

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!is_running(u) || (u->leaving && !u->sick))
			continue;
		s.n++;
		s.sick += u->sick != NULL;
		if (u->sick && (!s.first || u->sick_ms < s.first->sick_ms))
			s.first = u;
	}
	for (size_t i = t->first_unit; s.first && i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		s.proven += is_running(u) && u->healthy && !u->sick &&
			    u->u.wanted_ms >= s.first->sick_ms;
	}
	return s;
}

static bool is_common(const struct sickness *s)
{
	return s->n > 1 && 2 * s->sick > s->n;
}

static bool may_replace(const struct fleet *f, const struct fleet_tier *t)
{
	return failing_may_give_up(f, t) && t->cat->unit->is_template;
}

/* The operator's maximum, or a schedule's. */
static size_t most(const struct fleet *f, const struct fleet_tier *t)
{
	struct calendar_bounds b;
	int64_t max = t->t.max >= 0 ? t->t.max : INT64_MAX;

	calendar_bounds(&t->cat->calendar, t->cat->zone, f->now_ms, 0, &b);
	return (size_t)(b.ceiling >= 0 ? MIN(max, b.ceiling) : max);
}

size_t sick_room(const struct fleet *f, const struct fleet_tier *t, size_t want)
{
	const struct sickness s = count(f, t);
	size_t extra;

	if (s.sick == 0 || !may_replace(f, t))
		return want;
	extra = MIN(s.sick, (want + 1) / 2);
	if (is_common(&s))
		extra = MIN(extra, s.proven + 1);
	return MAX(want, MIN(want + extra, most(f, t)));
}

/* ---------------------------------------------------------------- replacing */

/* An instance of the tier waits for a host, and its pool may have no more. */
static bool waits_in_vain(const struct fleet *f, const struct fleet_tier *t)
{
	bool waits = false;
	int64_t hosts = 0, max = -1;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		waits |= is_running(&f->units[i]) && !*f->units[i].u.host;
	for (size_t i = 0; i < f->pools.n; i++)
		if (strcmp(f->pools.v[i].name, t->t.pool) == 0)
			max = f->pools.v[i].max;
	for (size_t i = 0; i < f->n_hosts; i++)
		hosts += strcmp(f->hosts[i].h.pool, t->t.pool) == 0 &&
			 f->hosts[i].h.state < DB_HOST_TERMINATING;
	return waits && max >= 0 && hosts >= max;
}

/* None can be started beside the sick ones, and one in their place may serve. */
static bool must_go_first(const struct fleet *f, const struct fleet_tier *t,
			  const struct sickness *s)
{
	const size_t want = (size_t)MAX(t->t.desired, INT64_C(0));

	/* One that never served may be about to, for the first time. */
	if ((is_common(s) && s->proven == 0) || s->first->u.healthy_ms == 0)
		return false;
	return s->n - s->sick < want &&
	       (s->n >= sick_room(f, t, want) || waits_in_vain(f, t));
}

/* A lower maximum is obeyed at once: what is too many and serves nobody goes first. */
static void obey_most(struct fleet *f, const struct fleet_tier *t,
		      const struct sickness *s)
{
	const size_t max = most(f, t);
	size_t excess = s->n > max ? s->n - max : 0;

	for (size_t i = t->first_unit; excess && i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (!u->made_up)
			continue;
		u->give_up = true;
		excess--;
	}
}

void sick_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t)
{
	const struct sickness s = count(fleet, t);

	if (s.sick == 0 || !may_replace(fleet, t))
		return;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &fleet->units[i];

		u->made_up = is_running(u) && u->sick;
		if (u->made_up && fleet->now_ms - u->sick_ms >= LEAVE_MS)
			u->leaving = true;
	}
	if (!*t->avoid)
		t->avoid = s.first->u.host;
	obey_most(fleet, t, &s);
	if (must_go_first(fleet, t, &s))
		failing_try_another(f, fleet, t, s.first, s.first->sick_ms);
}

/* ---------------------------------------------------------------- for operators */

bool sick_problem(const struct fleet *f, char *text, size_t size)
{
	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *t = &f->tiers[i];
		const struct sickness s = count(f, t);

		if (s.sick == 0)
			continue;
		snprintf(text, size,
			 "%zu of %zu instances of %s/%s do not serve: unit %s on host %s "
			 "%s%s",
			 s.sick, s.n, t->t.stack, t->t.name, s.first->u.name,
			 s.first->u.host, s.first->sick,
			 is_common(&s) ? "; so many at the same time have a common "
					 "cause: one is started, none is replaced "
					 "before it serves"
				       : "");
		return true;
	}
	return false;
}
