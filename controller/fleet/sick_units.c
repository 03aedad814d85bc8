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
#define LOOK_MAX_MS (COME_MS / 2)     /* calendar: between two looks, what counts */
#define LEAVE_MS (5 * INT64_C(60000)) /* calendar */
#define FORGET_MS (60 * 60000)        /* real: healthy for so long */
#define DOUBLINGS_MAX 5               /* of the time after which it is sick no more */

/* ---------------------------------------------------------------- one instance */

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
	p->times_sick++;
	failing_tell(events, "unit-sick", DB_LEVEL_WARN, u, p->sick);
}

/*
 * How long it has been up without a pass, by this clock: its host's may be another. Of a
 * leap between two looks, as of a clock that was set, little counts.
 */
static void count_coming(struct tracked_unit *p, const struct unit_state *s,
			 int64_t now_ms)
{
	const bool is_coming = !p->served && s->health == HEALTH_STARTING &&
			       s->since_ms > 0 && strcmp(s->active, "active") == 0;
	const int64_t gap_ms = p->looked_ms ? now_ms - p->looked_ms : 0;

	if (!is_coming || s->since_ms != p->up_since_ms)
		p->coming_ms = 0;
	else
		p->coming_ms += MAX(MIN(gap_ms, LOOK_MAX_MS), 0);
	p->up_since_ms = s->since_ms;
	p->looked_ms = now_ms;
}

/* Healthy again: for a minute, and twice as long each time, as what flaps slowly would
 * launch and drain for ever. */
static void recover(struct tracked_unit *p, const struct fleet_unit *u,
		    int64_t now_mono_ms, const struct events *events)
{
	const int64_t for_ms = now_mono_ms - p->stable_mono_ms;
	const int doublings = MIN(MAX(p->times_sick - 1, 0), DOUBLINGS_MAX);

	p->down_mono_ms = 0;
	if (p->sick && for_ms >= (int64_t)STABLE_MS << doublings) {
		failing_tell(events, "unit-serves", DB_LEVEL_INFO, u, "serves again");
		failing_set_text(&p->sick, NULL);
	}
	if (for_ms >= FORGET_MS)
		p->times_sick = 0;
}

static void look_at(struct tracked_unit *p, const struct fleet_unit *u,
		    const struct unit_state *s, int64_t now_ms, int64_t now_mono_ms,
		    const struct events *events)
{
	bool is_down;

	count_coming(p, s, now_ms);
	if (u->healthy) {
		recover(p, u, now_mono_ms, events);
		return;
	}
	if (p->served && !p->down_mono_ms)
		p->down_mono_ms = now_mono_ms;
	is_down = p->down_mono_ms && (p->why || now_mono_ms - p->down_mono_ms >= DOWN_MS);
	if (!p->sick &&
	    (s->health == HEALTH_FAILING || is_down || p->coming_ms >= COME_MS))
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
	else
		p->down_mono_ms = p->looked_ms = 0;
	u->sick = p->sick;
	u->sick_ms = p->sick_ms;
}

/* ---------------------------------------------------------------- a tier */

struct sickness {
	size_t n;       /* instances that should run */
	size_t sick;    /* of them */
	size_t waiting; /* of them, for a host; none of the sick ones */
	size_t proven;  /* that serve, and were requested after the first fell sick */
	const struct fleet_unit *first; /* that has been sick longest; NULL: none is */
	bool rolling;                   /* a new text is being rolled out */
};

static bool is_running(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->gone;
}

static struct sickness count(const struct fleet *f, const struct fleet_tier *t)
{
	struct sickness s = { 0 };

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (!is_running(u) || (u->leaving && !u->sick))
			continue;
		s.n++;
		s.rolling |= t->cat && strcmp(u->u.hash, t->cat->unit->hash) != 0;
		s.sick += u->sick != NULL;
		s.waiting += !*u->u.host;
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

bool sick_may_replace(const struct fleet *f, const struct fleet_tier *t)
{
	return failing_may_give_up(f, t) && t->cat->unit->is_template;
}

size_t sick_most(const struct fleet *f, const struct fleet_tier *t)
{
	struct decide_input in = { .min = t->t.min, .max = t->t.max };
	struct calendar_bounds b;
	int64_t least, most;

	if (t->is_decided)
		return (size_t)t->most;
	calendar_bounds(&t->cat->calendar, t->cat->zone, f->now_ms, 0, &b);
	in.floor = b.floor;
	in.ceiling = b.ceiling;
	decide_bounds(&in, &least, &most);
	return (size_t)(most >= 0 ? most : INT64_MAX);
}

size_t sick_room(const struct fleet *f, const struct fleet_tier *t, size_t want)
{
	const struct sickness s = count(f, t);
	size_t extra;

	if (!sick_may_replace(f, t))
		return want;
	extra = MIN(s.sick, (want + 1) / 2);
	if (is_common(&s) || s.rolling)
		extra = MIN(extra, s.proven + 1);
	return MIN(want + extra, sick_most(f, t));
}

/* ---------------------------------------------------------------- replacing */

/* The tier's pool may have no more hosts, and none boots or is about to go. */
static bool is_full(const struct fleet *f, const char *pool)
{
	const struct db_pool *of = fleet_pool(f, pool);
	int64_t hosts = 0, max = of ? of->max : -1;

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct db_host *h = &f->hosts[i].h;

		if (strcmp(h->pool, pool) != 0)
			continue;
		if (h->state <= DB_HOST_UP && !h->ready_ms && !h->adopted_ms)
			return false;
		/* One that drains makes room soon; one whose end fails may stay. */
		hosts += h->state <= DB_HOST_UP || h->state == DB_HOST_TERMINATING;
	}
	return max >= 0 && hosts >= max;
}

/* None can be started beside the sick ones, and one in their place may serve. */
static bool must_go_first(const struct fleet *f, const struct fleet_tier *t,
			  const struct sickness *s)
{
	const size_t want = (size_t)MAX(t->t.desired, INT64_C(0));
	const size_t others = s->n - s->sick;

	if (is_common(s) && s->proven == 0)
		return false;
	if (s->waiting > 0)
		return others - s->waiting < want && is_full(f, t->t.pool);
	return others < want && s->n >= sick_room(f, t, want);
}

void sick_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t)
{
	const struct sickness s = count(fleet, t);
	struct fleet_unit *first = NULL;

	if (s.sick == 0 || !sick_may_replace(fleet, t))
		return;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &fleet->units[i];

		u->made_up = is_running(u) && u->sick;
		/* On a doubt, and once it serves, it stays. */
		if (!u->made_up || !u->seen_down)
			continue;
		if (fleet->now_ms - u->sick_ms >= LEAVE_MS)
			u->leaving = true;
		/* One that never served may be about to, for the first time. */
		if (u->u.healthy_ms && (!first || u->sick_ms < first->sick_ms))
			first = u;
	}
	if (!*t->avoid)
		t->avoid = s.first->u.host;
	if (first && must_go_first(fleet, t, &s))
		failing_try_another(f, fleet, t, first, first->sick_ms);
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
