/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_retry.c - when a failing instance is replaced by another, and which host that
 * avoids.
 */
#include "failing_state.h"

#include "check.h"
#include "stack_catalog.h"

#include <string.h>

#define RETRY_FIRST_MS (5 * INT64_C(60000)) /* calendar */
#define RETRY_MAX_MS (60 * INT64_C(60000))

/* The longest failing one that is seen not to serve, and is not replaced as a sick one;
 * NULL: none. *ret_unstable: whether any is not stable yet. */
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
		if (!u->failing || !u->seen_down ||
		    (u->sick && t->cat && t->cat->unit->is_template) ||
		    (first && p->since_ms >= *ret_since_ms))
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

static void give_up(struct attempt *a, struct fleet_unit *u, int64_t now_ms)
{
	u->give_up = true;
	a->wait_ms = a->wait_ms ? MIN(2 * a->wait_ms, RETRY_MAX_MS) : 2 * RETRY_FIRST_MS;
	a->next_ms = now_ms + a->wait_ms;
	failing_set_text(&a->avoid, xstrdup(u->u.host));
}

void failing_try_another(struct failing *f, struct fleet *fleet,
			 const struct fleet_tier *t, struct fleet_unit *u,
			 int64_t since_ms)
{
	struct attempt *a = failing_find_attempt(f, t, true);

	a->is_seen = true;
	if (failing_may_give_up(fleet, t) &&
	    fleet->now_ms >= MAX(since_ms + RETRY_FIRST_MS, a->next_ms))
		give_up(a, u, fleet->now_ms);
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
}

void failing_forget_attempts(struct failing *f, struct fleet *fleet)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_attempts; i++) {
		struct attempt *a = &f->attempts[i];
		struct fleet_tier *t = fleet_tier(fleet, a->stack, a->tier);

		if (!a->is_seen || !t) {
			failing_attempt_done(a);
			continue;
		}
		a->is_seen = false;
		t->avoid = a->avoid;
		f->attempts[kept++] = *a;
	}
	f->n_attempts = kept;
}
