/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_retry.c - when a failing instance is replaced by another, and which host that
 * avoids.
 */
#include "failing_state.h"

#include "check.h"
#include "stack_catalog.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS (5 * INT64_C(60000)) /* calendar */
#define RETRY_MAX_MS (60 * INT64_C(60000))
#define MOVE_AGAIN_MS (60 * INT64_C(60000)) /* calendar */

/* It is seen not to serve, and is not replaced as a sick one. */
static bool is_candidate(const struct fleet_tier *t, const struct fleet_unit *u)
{
	return u->failing && u->seen_down &&
	       !(u->sick && t->cat && t->cat->unit->is_template);
}

/* What is run again where it is costs nothing: all that fail are, at the same time. */
static void restart_others(struct fleet *fleet, const struct fleet_tier *t)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		fleet->units[i].restart |= is_candidate(t, &fleet->units[i]);
}

/* The longest failing one of these; NULL: none. *ret_unstable: whether any is not stable
 * yet. */
static struct fleet_unit *first_failing(struct failing *f, struct fleet *fleet,
					const struct fleet_tier *t, int64_t *ret_since_ms,
					bool *ret_unstable)
{
	struct fleet_unit *first = NULL;

	*ret_unstable = false;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &fleet->units[i];
		const struct tracked_unit *p = failing_find(f, u, false);

		*ret_unstable |= !u->healthy || (p && !p->is_stable);
		if (!is_candidate(t, u) || (first && p->since_ms >= *ret_since_ms))
			continue;
		first = u;
		*ret_since_ms = p->since_ms;
	}
	return first;
}

bool failing_may_give_up(const struct fleet *fleet, const struct fleet_tier *t)
{
	for (size_t i = 0; i < fleet->holds.n; i++) {
		const struct db_hold *h = &fleet->holds.v[i];

		if (strcmp(h->stack, t->t.stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, t->t.name) == 0))
			return false;
	}
	return t->cat && !t->t.stateful;
}

/* One that was tried elsewhere since serves. */
static bool has_helped(const struct fleet *fleet, const struct fleet_tier *t,
		       int64_t moved_ms)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &fleet->units[i];

		if (u->healthy && !u->sick && !u->unsteady && u->u.wanted_ms >= moved_ms)
			return true;
	}
	return false;
}

/* Another host is tried once, at most once an hour, until that has helped, and not for a
 * text that has stopped its own roll-out: what fails on two hosts fails everywhere. */
static bool may_move(const struct attempt *a, const struct fleet *fleet,
		     const struct fleet_tier *t)
{
	if (fleet_roll_out_is_stopped(t))
		return false;
	return a->moved_ms ? has_helped(fleet, t, a->moved_ms) : !a->is_moved;
}

static void give_up(struct attempt *a, const struct fleet *fleet,
		    const struct fleet_tier *t, struct fleet_unit *u)
{
	const int64_t now_ms = fleet->now_ms;
	const bool moves = may_move(a, fleet, t);

	u->give_up = moves;
	u->restart = !moves;
	a->wait_ms = a->wait_ms ? MIN(2 * a->wait_ms, RETRY_MAX_MS) : 2 * RETRY_FIRST_MS;
	a->next_ms = now_ms + a->wait_ms;
	failing_set_text(&a->avoid, xstrdup(moves ? u->u.host : ""));
	if (!moves)
		return;
	a->is_moved = true;
	a->moved_ms = now_ms;
}

void failing_try_another(struct failing *f, struct fleet *fleet,
			 const struct fleet_tier *t, struct fleet_unit *u,
			 int64_t since_ms)
{
	struct attempt *a = failing_find_attempt(f, t, true);

	a->is_seen = true;
	if (failing_may_give_up(fleet, t) &&
	    fleet->now_ms >= MAX(since_ms + RETRY_FIRST_MS, a->next_ms))
		give_up(a, fleet, t, u);
}

void failing_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t)
{
	int64_t since_ms = 0;
	bool any_unstable;
	struct fleet_unit *u = first_failing(f, fleet, t, &since_ms, &any_unstable);
	struct attempt *a = failing_find_attempt(f, t, u != NULL);

	t->avoid = "";
	if (!a)
		return;
	a->is_seen = any_unstable;
	/* when the clock was set back, no wait is longer than it was at its start */
	a->next_ms = MIN(a->next_ms, fleet->now_ms + a->wait_ms);
	if (u)
		failing_try_another(f, fleet, t, u, since_ms);
	if (u && u->restart)
		restart_others(fleet, t);
}

/* The tier is stable; only when it was moved last is known on. */
static void begin_anew(struct attempt *a)
{
	failing_set_text(&a->avoid, xstrdup(""));
	a->is_moved = false;
	a->wait_ms = a->next_ms = 0;
}

void failing_forget_attempts(struct failing *f, struct fleet *fleet)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_attempts; i++) {
		struct attempt *a = &f->attempts[i];
		struct fleet_tier *t = fleet_tier(fleet, a->stack, a->tier);

		if (llabs(fleet->now_ms - a->moved_ms) >= MOVE_AGAIN_MS)
			a->moved_ms = 0;
		if (!t || (!a->is_seen && !a->moved_ms)) {
			failing_attempt_done(a);
			continue;
		}
		if (!a->is_seen)
			begin_anew(a);
		a->is_seen = false;
		t->avoid = a->avoid;
		f->attempts[kept++] = *a;
	}
	f->n_attempts = kept;
}
