/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_hosts.c - which hosts are alive and up, by their keys in the store.
 */
#include "observer.h"

#include "adopt_host.h"
#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_EVERY_MS 60000 /* calendar */

static int host_came(const struct observer *o, struct fleet *f, struct fleet_host *h,
		     const struct events *events, struct err *err)
{
	int64_t lead_ms = f->now_ms - h->h.requested_ms;
	char text[CLOCK_TEXT];
	int rc = db_host_ready(events->db, h->h.id, f->now_ms, err);

	/* When one that was found had been launched is not known. */
	if (rc == 0 && !h->h.adopted_ms && h->h.requested_ms >= o->blind_ms)
		rc = db_lead_add(events->db,
				 &(struct db_lead){
					 .kind = DB_LEAD_HOST,
					 .pool = h->h.pool,
					 .host = h->h.id,
					 .wanted_ms = h->h.requested_ms,
					 .healthy_ms = f->now_ms,
					 .lead_ms = lead_ms,
				 },
				 err);
	if (rc < 0)
		return rc;
	h->h.state = MAX(h->h.state, DB_HOST_UP);
	h->h.ready_ms = f->now_ms;
	event_add(events, "host-up", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s is up after %s", h->h.id,
		  clock_format_duration(lead_ms / 1000 * 1000, text));
	return 0;
}

/* Its launch is all that a restored record knows, and it serves: it has joined since. */
static int has_joined(struct fleet *f, struct fleet_host *h, const struct events *events,
		      struct err *err)
{
	int rc = db_host_set_state(events->db, h->h.id, DB_HOST_UP, "", f->now_ms, err);

	if (rc == 0)
		h->h.state = DB_HOST_UP;
	return rc;
}

static int look_at_new(const struct observer *o, struct fleet *f, struct fleet_host *h,
		       const struct events *events, struct err *err)
{
	bool is_ready = true;
	int rc = 0;

	if (h->h.adopted_ms && h->h.state < DB_HOST_UP)
		rc = has_joined(f, h, events, err);
	if (rc == 0 && adopt_is_open(&h->h))
		rc = adopt_host(f, h, events, &is_ready, err);
	return rc == 0 && is_ready ? host_came(o, f, h, events, err) : rc;
}

int observe_hosts(const struct observer *o, struct fleet *f,
		  const struct view_snapshot *s, const struct events *events,
		  struct err *err)
{
	int rc;

	host_documents_read(o->documents, f, s);
	for (size_t i = 0; i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];

		if (!h->alive || h->h.ready_ms ||
		    h->h.state > (adopt_is_open(&h->h) ? DB_HOST_DRAINING : DB_HOST_UP))
			continue;
		rc = look_at_new(o, f, h, events, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int observe_record_seen(struct observer *o, const struct fleet *f, struct db *db,
			struct err *err)
{
	CLEANUP(free) const char **ids = NULL;
	size_t n = 0;

	if (llabs(f->now_ms - o->seen_ms) < SEEN_EVERY_MS)
		return 0;
	o->seen_ms = f->now_ms;
	ids = xcalloc(f->n_hosts, sizeof(*ids));
	for (size_t i = 0; i < f->n_hosts; i++)
		if (f->hosts[i].alive)
			ids[n++] = f->hosts[i].h.id;
	return n ? db_hosts_seen(db, ids, n, f->now_ms, err) : 0;
}
