/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_units.c - the units' states, as their hosts publish them, and their lead times.
 */
#include "observer.h"

#include "check.h"
#include "clock.h"

#include <string.h>

static void read_state(struct fleet_unit *u)
{
	const struct unit_state *state = u->host && u->host->states
						 ? states_get(u->host->states, u->u.name)
						 : NULL;

	/* A state of another text is of the instance before this one. */
	if (state && u->u.goal == DB_GOAL_RUN && strcmp(state->hash, u->u.hash) != 0)
		state = NULL;
	fleet_unit_set(u, &u->u.active, state ? state->active : "");
	fleet_unit_set(u, &u->u.sub, state ? state->sub : "");
	fleet_unit_set(u, &u->u.health, state ? health_name(state->health) : "");
	fleet_unit_set(u, &u->u.message, state ? state->message : "");
	if (state && state->drained != u->u.drained) {
		u->u.drained = state->drained;
		u->dirty = true;
	}
	u->healthy = u->u.goal == DB_GOAL_RUN && state && u->host->alive &&
		     unit_state_is_healthy(state);
}

/* As it was when its state was read last, by this controller or the one before. */
static bool has_served(const struct db_unit *u)
{
	return u->goal == DB_GOAL_RUN && strcmp(u->active, "active") == 0 &&
	       (strcmp(u->health, health_name(HEALTH_PASSING)) == 0 ||
		strcmp(u->health, health_name(HEALTH_NONE)) == 0);
}

static int add_leads(struct fleet *f, struct fleet_unit *u, struct db *db,
		     struct err *err)
{
	struct db_lead l = {
		.kind = DB_LEAD_TIER,
		.stack = u->u.stack,
		.tier = u->u.tier,
		.pool = u->host->h.pool,
		.host = u->u.host,
		.wanted_ms = u->u.wanted_ms,
		.healthy_ms = f->now_ms,
		.lead_ms = f->now_ms - u->u.wanted_ms,
	};
	int rc = db_lead_add(db, &l, err);

	if (rc < 0)
		return rc;
	l.kind = DB_LEAD_UNIT;
	l.wanted_ms = MAX(u->u.placed_ms, u->host->h.ready_ms);
	l.lead_ms = f->now_ms - l.wanted_ms;
	return db_lead_add(db, &l, err);
}

int observe_unit(struct fleet *f, struct fleet_unit *u, const struct events *events,
		 struct err *err)
{
	char text[CLOCK_TEXT];
	bool was_active = strcmp(u->u.active, "active") == 0;
	int rc;

	if (*u->u.host && (!u->host || u->host->h.state >= DB_HOST_TERMINATING)) {
		fleet_unit_set(u, &u->u.host, "");
		u->host = NULL;
		u->u.placed_ms = u->u.healthy_ms = 0;
		/* Its replacement is requested now: its lead time starts here. */
		u->u.wanted_ms = f->now_ms;
	}
	u->served = has_served(&u->u);
	read_state(u);
	if (was_active && strcmp(u->u.active, "failed") == 0)
		event_add(events, "unit-failed", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier,
				      .host = u->u.host, .unit = u->u.name),
			  "unit %s failed: %s", u->u.name, u->u.message);
	if (!u->healthy || u->u.healthy_ms)
		return 0;
	u->u.healthy_ms = f->now_ms;
	u->dirty = true;
	rc = add_leads(f, u, events->db, err);
	if (rc < 0)
		return rc;
	event_add(
		events, "unit-healthy", DB_LEVEL_INFO,
		EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier, .host = u->u.host,
			    .unit = u->u.name),
		"unit %s is healthy %s after it was requested", u->u.name,
		clock_format_duration((f->now_ms - u->u.wanted_ms) / 1000 * 1000, text));
	return 0;
}
