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

#define SEEN_EVERY_MS 60000      /* calendar */
#define HOST_MAX_BYTES 32768u    /* of a host, with its metadata */
#define STATES_MAX_BYTES 524288u /* of its units: over a thousand */
#define MEMBERS_MAX 64           /* of a host's metadata */
#define TEXT_MAX_BYTES 256

static const struct view_kv *host_key(const struct view_snapshot *s, const char *prefix,
				      const char *id)
{
	char key[256];

	snprintf(key, sizeof(key), "%s%s", prefix, id);
	return view_find(s, key);
}

/* NULL: it has none, or one that is no text for people. */
static json_t *plain_member(const json_t *doc, const char *key)
{
	json_t *v = json_object_get(doc, key);

	return v && json_object_size(v) <= MEMBERS_MAX &&
			       json_array_size(v) <= MEMBERS_MAX &&
			       json_is_plain(v, TEXT_MAX_BYTES)
		       ? json_incref(v)
		       : NULL;
}

static void read_host(struct fleet_host *h, const struct view_snapshot *s)
{
	const struct view_kv *kv = host_key(s, "/foretide/hosts/", h->h.id);
	const struct view_kv *states = host_key(s, "/foretide/states/", h->h.id);
	CLEANUP(json_decref) json_t *doc = NULL;

	/* What costs each round much to read is not read; the host is heard nevertheless.
	 */
	h->alive = kv && (kv->len > HOST_MAX_BYTES ||
			  json_parse(kv->value, kv->len, kv->key, &doc, NULL) == 0);
	if (!h->alive)
		return;
	/* What a host writes is shown to people, and placed by. */
	h->metadata = plain_member(doc, "metadata");
	h->vanished = plain_member(doc, "vanished");
	h->put_right = plain_member(doc, "put_right");
	h->notice = plain_member(doc, "interruption");
	if (states && states->len <= STATES_MAX_BYTES &&
	    states_parse(states->value, states->len, &h->states, NULL) < 0)
		h->states = NULL;
}

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

	for (size_t i = 0; i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];

		read_host(h, s);
	}
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
