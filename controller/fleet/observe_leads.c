/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_leads.c - the lead times of instances that have become healthy.
 */
#include "observer.h"

#include "check.h"
#include "clock.h"

int64_t observe_lead_start(const struct fleet_unit *u)
{
	const struct db_host *h = &u->host->h;

	/* The host stood there: the instance waited for room on it, not for its boot. */
	if (h->ready_ms && u->u.placed_ms > h->ready_ms)
		return u->u.placed_ms;
	return MAX(u->u.wanted_ms, h->requested_ms);
}

static int add(struct db *db, const struct fleet *f, const struct fleet_unit *u,
	       enum db_lead_kind kind, int64_t start_ms, struct err *err)
{
	return db_lead_add(db,
			   &(struct db_lead){
				   .kind = kind,
				   .stack = u->u.stack,
				   .tier = u->u.tier,
				   .pool = u->host->h.pool,
				   .host = u->u.host,
				   .wanted_ms = u->u.wanted_ms,
				   .healthy_ms = f->now_ms,
				   .lead_ms = f->now_ms - start_ms,
			   },
			   err);
}

static void tell(const struct fleet *f, const struct fleet_unit *u, int64_t start_ms,
		 const struct events *events)
{
	const int64_t waited_ms = (start_ms - u->u.wanted_ms) / 1000 * 1000;
	char total[CLOCK_TEXT], waited[CLOCK_TEXT];

	clock_format_duration((f->now_ms - u->u.wanted_ms) / 1000 * 1000, total);
	clock_format_duration(waited_ms, waited);
	event_add(events, "unit-healthy", DB_LEVEL_INFO,
		  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier, .host = u->u.host,
			      .unit = u->u.name),
		  "unit %s is healthy %s after it was requested%s%s%s", u->u.name, total,
		  waited_ms > 0 ? ", " : "", waited_ms > 0 ? waited : "",
		  waited_ms > 0 ? " of it before a host was launched or free for it"
				: "");
}

int observe_leads(const struct observer *o, const struct fleet *f,
		  const struct events *events, struct err *err)
{
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];
		int64_t start_ms;
		int rc;

		if (!u->came || !u->host)
			continue;
		start_ms = observe_lead_start(u);
		tell(f, u, start_ms, events);
		if (u->stumbled || start_ms < o->blind_ms)
			continue;
		rc = add(events->db, f, u, DB_LEAD_TIER, start_ms, err);
		if (rc == 0)
			rc = add(events->db, f, u, DB_LEAD_UNIT,
				 MAX(u->u.placed_ms, u->host->h.ready_ms), err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
