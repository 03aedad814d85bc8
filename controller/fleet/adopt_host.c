/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adopt_host.h"

#include "adopt_texts.h"
#include "check.h"
#include "clock.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

/* Real: an agent that tells no units for so long has none. */
#define TELLS_MS 600000

bool adopt_is_open(const struct db_host *h)
{
	return h->adopted_ms && !h->ready_ms;
}

static bool runs(const struct unit_state *u)
{
	return !u->drained && (strcmp(u->active, "active") == 0 ||
			       strcmp(u->active, "activating") == 0 ||
			       strcmp(u->active, "reloading") == 0);
}

bool adopt_is_busy(const struct fleet_host *h)
{
	if (!h->h.adopted_ms || h->h.unknown_ms)
		return false;
	if (adopt_is_open(&h->h))
		return true;
	for (size_t i = 0; h->states && i < h->states->n; i++)
		if (runs(&h->states->units[i]))
			return true;
	return false;
}

static struct fleet_tier *tier_of(struct fleet *f, const char *unit)
{
	char file[UNIT_NAME_TEXT];

	if (strlen(unit) >= sizeof(file))
		return NULL;
	unit_name_file(unit, file);
	for (size_t i = 0; i < f->n_tiers; i++)
		if (f->tiers[i].cat && strcmp(f->tiers[i].t.unit, file) == 0)
			return &f->tiers[i];
	return NULL;
}

/* On that host it may have left its name to its successor. */
static struct fleet_unit *find_unit(struct fleet *f, const struct fleet_host *h,
				    const char *name)
{
	char text[UNIT_NAME_TEXT];

	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host == h &&
		    strcmp(fleet_unit_name(&f->units[i], text), name) == 0)
			return &f->units[i];
	for (size_t i = 0; i < f->n_units; i++)
		if (strcmp(f->units[i].u.name, name) == 0)
			return &f->units[i];
	return NULL;
}

/* ---------------------------------------------------------------- what must wait */

static int wait_for_stack(struct fleet *f, struct fleet_host *h, const char *unit,
			  const struct events *events, struct err *err)
{
	CLEANUP(free)
	char *why = xasprintf("it runs unit %s, of which no stack has a tier: apply that "
			      "stack, or drain the host",
			      unit);
	int rc;

	if (strcmp(h->h.message, why) == 0)
		return 0;
	rc = db_host_set_state(events->db, h->h.id, h->h.state, why, f->now_ms, err);
	if (rc == 0)
		event_add(events, "adoption-waits", DB_LEVEL_WARN,
			  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool, .unit = unit),
			  "host %s is left as it is: %s", h->h.id, why);
	return rc;
}

static const char *stray_unit(struct fleet *f, const struct fleet_host *h)
{
	for (size_t i = 0; i < h->states->n; i++)
		if (runs(&h->states->units[i]) && !tier_of(f, h->states->units[i].name))
			return h->states->units[i].name;
	return NULL;
}

/* ---------------------------------------------------------------- taking over */

static void place(struct fleet *f, struct fleet_unit *u, struct fleet_host *h,
		  const struct unit_state *state)
{
	fleet_unit_set(u, &u->u.host, h->h.id);
	fleet_unit_set(u, &u->u.hash, state->hash);
	fleet_unit_set(u, &u->u.active, state->active);
	fleet_unit_set(u, &u->u.sub, state->sub);
	fleet_unit_set(u, &u->u.health, health_name(state->health));
	u->u.goal = DB_GOAL_RUN;
	u->u.drained = false;
	u->u.placed_ms = f->now_ms;
	/* It has served long since: that is no lead time. */
	u->u.healthy_ms = f->now_ms;
	u->host = h;
	u->dirty = true;
}

/* Whether the record's own host runs it; else the record is of an older time. */
static bool is_elsewhere(struct fleet *f, const struct fleet_unit *u,
			 const struct fleet_host *h)
{
	const struct fleet_host *at = *u->u.host ? fleet_host(f, u->u.host) : NULL;

	return at && at != h && at->alive && at->states &&
	       states_get(at->states, u->u.name);
}

static size_t take_units(struct fleet *f, struct fleet_host *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->states->n; i++) {
		const struct unit_state *state = &h->states->units[i];
		struct fleet_tier *t = tier_of(f, state->name);
		struct fleet_unit *u = find_unit(f, h, state->name);

		if (!runs(state) || !t || (u && is_elsewhere(f, u, h)))
			continue;
		if (!u)
			u = fleet_unit_add(f, t, state->name);
		place(f, u, h, state);
		n++;
	}
	return n;
}

static int64_t count_serving(struct fleet *f, const struct fleet_tier *t)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];
		const struct fleet_host *h = *u->u.host ? fleet_host(f, u->u.host) : NULL;

		n += u->u.goal == DB_GOAL_RUN && h && h->alive &&
		     strcmp(u->u.stack, t->t.stack) == 0 &&
		     strcmp(u->u.tier, t->t.name) == 0;
	}
	return n;
}

/* Of an older record: to obey it would end what serves. A person decides. */
static int hold_above_maximum(struct fleet *f, const struct fleet_tier *t, int64_t n,
			      const struct events *events, struct err *err)
{
	CLEANUP(free)
	char *reason = xasprintf(
		"%lld instances were found serving, more than the maximum of %lld: apply "
		"the stack with the maximum that is right, then release this hold",
		(long long)n, (long long)t->t.max);
	const struct db_hold hold = {
		.stack = t->t.stack,
		.tier = t->t.name,
		.owner = (char *)(uintptr_t) "foretided",
		.reason = reason,
		.created_ms = f->now_ms,
	};
	int rc;

	if (n <= t->t.max)
		return 0;
	for (size_t i = 0; i < f->holds.n; i++)
		if (strcmp(f->holds.v[i].stack, t->t.stack) == 0 &&
		    (!*f->holds.v[i].tier || strcmp(f->holds.v[i].tier, t->t.name) == 0))
			return 0;
	rc = db_hold_add(events->db, &hold, NULL, err);
	if (rc < 0)
		return rc;
	event_add(events, "hold-set", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
		  "tier %s/%s is on hold: %s", t->t.stack, t->t.name, reason);
	/* In force in this round already. */
	db_hold_list_done(&f->holds);
	return db_hold_list(events->db, NULL, f->now_ms, &f->holds, err);
}

static int raise_desired(struct fleet *f, const struct events *events, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->n_tiers; i++) {
		struct fleet_tier *t = &f->tiers[i];
		const int64_t n = count_serving(f, t);

		if (t->t.desired < 0 || n <= t->t.desired)
			continue;
		event_add(events, "desired-raised", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
			  "tier %s/%s has %lld instances, with those of hosts that were "
			  "found: %lld were wanted, now as many as there are",
			  t->t.stack, t->t.name, (long long)n, (long long)t->t.desired);
		t->t.desired = n;
		t->t.desired_since_ms = f->now_ms;
		rc = db_tiers_decide(events->db, &t->t, 1, err);
		if (rc == 0)
			rc = hold_above_maximum(f, t, n, events, err);
	}
	return rc;
}

int adopt_host(struct fleet *f, struct fleet_host *h, const struct events *events,
	       bool *ret, struct err *err)
{
	const char *stray =
		h->states && h->h.state != DB_HOST_DRAINING ? stray_unit(f, h) : NULL;
	size_t n;
	int rc;

	*ret = false;
	if (!h->states) {
		*ret = clock_real_ms(f->now_ms - h->h.adopted_ms) > TELLS_MS;
		return 0;
	}
	if (stray)
		return wait_for_stack(f, h, stray, events, err);
	n = take_units(f, h);
	fleet_index(f);
	rc = raise_desired(f, events, err);
	/* In the database before the host gets a schedule. */
	if (rc == 0)
		rc = adopt_texts(f, h, events, err);
	if (rc == 0)
		rc = fleet_save_units(events->db, f, err);
	if (rc < 0)
		return rc;
	event_add(events, "units-adopted", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s goes on with the %zu units that it runs", h->h.id, n);
	*ret = true;
	return 0;
}
