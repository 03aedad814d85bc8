/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_interrupted.c - hosts that their clouds are about to take back, as spot
 * capacity is. Each says so itself, of nobody but itself.
 */
#include "observer.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>

#define GOING_MS 20000 /* real: balancers follow, and requests end */

static const char *word(const struct fleet_host *h, const char *key)
{
	const char *text = json_string_value(json_object_get(h->notice, key));

	return text ? text : "";
}

static bool is_interrupted(const struct fleet_host *h)
{
	return h->alive && *word(h, "how") && h->h.state < DB_HOST_TERMINATING;
}

/* "terminate at 2026-09-18T08:22:00Z" */
static const char *notice(const struct fleet_host *h, char *text, size_t size)
{
	const char *at = word(h, "at");

	snprintf(text, size, "%.40s%s%.60s", word(h, "how"), *at ? " at " : "", at);
	return text;
}

/* As the cloud says, so by this machine's clock, whatever the calendar. */
static bool is_going(const struct fleet_host *h)
{
	int64_t at_ms;

	return clock_parse(word(h, "at"), &at_ms, NULL) == 0 &&
	       at_ms - clock_wall_ms() < GOING_MS;
}

static int let_drain(struct fleet *f, struct fleet_host *h, const struct events *events,
		     struct err *err)
{
	char what[128], why[160];
	int rc;

	snprintf(why, sizeof(why), "its cloud takes it back: %s",
		 notice(h, what, sizeof(what)));
	rc = db_host_set_state(events->db, h->h.id, DB_HOST_DRAINING, why, f->now_ms,
			       err);
	if (rc < 0)
		return rc;
	h->h.state = DB_HOST_DRAINING;
	event_add(events, "host-interrupted", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "the cloud takes host %s back (%s): %zu units move to others", h->h.id,
		  what, h->n_units);
	return 0;
}

int observe_interrupted(struct fleet *f, const struct events *events, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];

		if (is_interrupted(h) && h->h.state == DB_HOST_UP && h->h.ready_ms &&
		    !observe_is_kept(f, h) && !fleet_pool_is_held(f, h->h.pool))
			rc = let_drain(f, h, events, err);
		h->is_going = is_interrupted(h) && h->h.state == DB_HOST_DRAINING &&
			      is_going(h);
	}
	return rc;
}

bool observe_tell_interrupted(const struct fleet *f, char *text, size_t size)
{
	const struct fleet_host *first = NULL;
	char what[128], others[40] = "";
	size_t n = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];

		/* One that stays, since a person must decide, is told of first. */
		if (is_interrupted(h) &&
		    (n++ == 0 || (first->h.state == DB_HOST_DRAINING &&
				  h->h.state < DB_HOST_DRAINING)))
			first = h;
	}
	if (!first)
		return false;
	if (n > 1)
		snprintf(others, sizeof(others), " and %zu more", n - 1);
	snprintf(text, size, "the cloud takes back host %s%s of pool %s (%s): %s",
		 first->h.id, others, first->h.pool, notice(first, what, sizeof(what)),
		 first->h.state == DB_HOST_DRAINING
			 ? "its units move to others"
			 : "it has state, or a stack on hold, that only a person moves "
			   "(foretide drain HOST)");
	return true;
}
