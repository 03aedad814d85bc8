/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_units.c - the units' states, as their hosts publish them.
 */
#include "observer.h"

#include <string.h>

static void read_state(struct fleet_unit *u)
{
	char name[UNIT_NAME_TEXT];
	const struct unit_state *state =
		u->host && u->host->states
			? states_get(u->host->states, fleet_unit_name(u, name))
			: NULL;

	/* A state of another text is of the instance before this one. */
	if (state && u->u.goal == DB_GOAL_RUN && strcmp(state->hash, u->u.hash) != 0)
		state = NULL;
	fleet_unit_set(u, &u->u.active, state ? state->active : "");
	fleet_unit_set(u, &u->u.sub, state ? state->sub : "");
	fleet_unit_set(u, &u->u.health, state ? health_name(state->health) : "");
	/* What one without a host, or with one that is not heard, waits for is said by
	 * its placement. */
	if (u->host && u->host->alive)
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

void observe_unit(struct fleet *f, struct fleet_unit *u, const struct events *events)
{
	bool was_active = strcmp(u->u.active, "active") == 0;

	if (*u->u.host && (!u->host || u->host->h.state >= DB_HOST_TERMINATING))
		fleet_unit_unplace(f, u);
	u->served = has_served(&u->u);
	read_state(u);
	if (was_active && strcmp(u->u.active, "failed") == 0)
		event_add(events, "unit-failed", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier,
				      .host = u->u.host, .unit = u->u.name),
			  "unit %s failed: %s", u->u.name, u->u.message);
	if (!u->healthy || u->u.healthy_ms)
		return;
	u->u.healthy_ms = f->now_ms;
	u->came = u->dirty = true;
}
