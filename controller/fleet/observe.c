/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "observe.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

/*
 * Times the grace, when most hosts vanish together: minutes. VMs that are really gone are
 * missed by their pool's worker much sooner.
 */
#define MISSING_MANY_GRACE 100

#define SEEN_EVERY_MS 60000 /* calendar */

struct missing {
	char id[64];
	int64_t since_mono_ms;
};

struct observer {
	int64_t grace_ms;
	struct missing *missing;
	size_t n_missing;
	int64_t seen_ms; /* when it was last recorded which hosts are there */
};

struct observer *observer_new(int64_t grace_ms)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->grace_ms = grace_ms;
	return o;
}

void observer_free(struct observer *o)
{
	if (!o)
		return;
	free(o->missing);
	free(o);
}

/* ---------------------------------------------------------------- hosts */

static const struct view_kv *host_key(const struct view_snapshot *s, const char *prefix,
				      const char *id)
{
	char key[256];

	snprintf(key, sizeof(key), "%s%s", prefix, id);
	return view_find(s, key);
}

static void read_host(struct fleet_host *h, const struct view_snapshot *s)
{
	const struct view_kv *kv = host_key(s, "/foretide/hosts/", h->h.id);
	const struct view_kv *states = host_key(s, "/foretide/states/", h->h.id);
	CLEANUP(json_decref) json_t *doc = NULL;

	h->alive = kv && json_parse(kv->value, kv->len, kv->key, &doc, NULL) == 0;
	if (!h->alive)
		return;
	h->metadata = json_incref(json_object_get(doc, "metadata"));
	if (states && states_parse(states->value, states->len, &h->states, NULL) < 0)
		h->states = NULL;
}

/* Before its first lease a host is joining: its pool sees to it that this ends. */
static bool expects_agent(const struct fleet_host *h)
{
	return h->h.ready_ms &&
	       (h->h.state == DB_HOST_UP || h->h.state == DB_HOST_DRAINING);
}

/* The host's record; NULL when it is not missing. */
static struct missing *find_missing(struct observer *o, const char *id)
{
	for (size_t i = 0; i < o->n_missing; i++)
		if (strcmp(o->missing[i].id, id) == 0)
			return &o->missing[i];
	return NULL;
}

static void forget_missing(struct observer *o, struct missing *m)
{
	*m = o->missing[--o->n_missing];
}

static void note_missing(struct observer *o, const char *id)
{
	struct missing *m;

	if (find_missing(o, id))
		return;
	o->missing = xrealloc(o->missing, (o->n_missing + 1) * sizeof(*o->missing));
	m = &o->missing[o->n_missing++];
	snprintf(m->id, sizeof(m->id), "%s", id);
	m->since_mono_ms = clock_mono_ms();
}

/* Brings the list of missing hosts up to date; returns how many agents are expected. */
static size_t update_missing(struct observer *o, struct fleet *f)
{
	size_t expected = 0;

	for (size_t i = 0; i < o->n_missing;) {
		const struct fleet_host *h = fleet_host(f, o->missing[i].id);

		if (!h || h->alive || !expects_agent(h))
			forget_missing(o, &o->missing[i]);
		else
			i++;
	}
	for (size_t i = 0; i < f->n_hosts; i++) {
		if (!expects_agent(&f->hosts[i]))
			continue;
		expected++;
		if (!f->hosts[i].alive)
			note_missing(o, f->hosts[i].h.id);
	}
	return expected;
}

static int lose(struct fleet *f, struct fleet_host *h, int64_t silent_ms,
		const struct events *events, struct err *err)
{
	int rc = db_host_set_state(events->db, h->h.id, DB_HOST_TERMINATING,
				   "its agent fell silent", f->now_ms, err);

	if (rc < 0)
		return rc;
	h->h.state = DB_HOST_TERMINATING;
	event_add(
		events, "host-lost", DB_LEVEL_WARN,
		EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		"host %s fell silent %.1f s ago: it is terminated and its %zu units are "
		"placed elsewhere",
		h->h.id, (double)silent_ms / 1000, h->n_units);
	return 0;
}

static int lose_the_silent(struct observer *o, struct fleet *f,
			   const struct events *events, struct observed *ret,
			   struct err *err)
{
	size_t expected = update_missing(o, f);
	int64_t now = clock_mono_ms();
	int64_t grace = o->grace_ms;

	ret->host_shrunk = o->n_missing > 2 && o->n_missing * 2 > expected;
	if (ret->host_shrunk)
		grace *= MISSING_MANY_GRACE;
	for (size_t i = 0; i < o->n_missing; i++) {
		struct fleet_host *h = fleet_host(f, o->missing[i].id);
		int64_t silent = now - o->missing[i].since_mono_ms;

		if (silent < grace) {
			ret->settling = true;
			continue;
		}
		if (expects_agent(h)) {
			int rc = lose(f, h, silent, events, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int host_came(struct fleet *f, struct fleet_host *h, const struct events *events,
		     struct err *err)
{
	int64_t lead_ms = f->now_ms - h->h.requested_ms;
	char text[CLOCK_TEXT];
	int rc = db_host_ready(events->db, h->h.id, f->now_ms, err);

	if (rc == 0)
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
	h->h.state = DB_HOST_UP;
	h->h.ready_ms = f->now_ms;
	event_add(events, "host-up", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s is up after %s", h->h.id,
		  clock_format_duration(lead_ms / 1000 * 1000, text));
	return 0;
}

static int observe_hosts(struct fleet *f, const struct view_snapshot *s,
			 const struct events *events, struct err *err)
{
	int rc;

	for (size_t i = 0; i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];

		read_host(h, s);
		if (!h->alive || h->h.ready_ms || h->h.state > DB_HOST_UP)
			continue;
		rc = host_came(f, h, events, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* For people; it need not be to the second. */
static int record_seen(struct observer *o, const struct fleet *f, struct db *db,
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

/* ---------------------------------------------------------------- units */

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

static int observe_unit(struct fleet *f, struct fleet_unit *u,
			const struct events *events, struct err *err)
{
	char text[CLOCK_TEXT];
	bool was_active = strcmp(u->u.active, "active") == 0;
	int rc;

	if (*u->u.host && (!u->host || u->host->h.state >= DB_HOST_TERMINATING)) {
		fleet_unit_set(u, &u->u.host, "");
		u->host = NULL;
		u->u.placed_ms = u->u.healthy_ms = 0;
		/* Its replacement is wanted from now on: that lead time counts anew. */
		u->u.wanted_ms = f->now_ms;
	}
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
		"unit %s serves %s after it was wanted", u->u.name,
		clock_format_duration((f->now_ms - u->u.wanted_ms) / 1000 * 1000, text));
	return 0;
}

int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret, struct err *err)
{
	int rc;

	CHECK(s->has_copy);
	*ret = (struct observed){ .store_ok = s->is_synced };
	rc = observe_hosts(f, s, events, err);
	if (rc < 0)
		return rc;
	if (ret->store_ok) {
		rc = lose_the_silent(o, f, events, ret, err);
		if (rc == 0)
			rc = record_seen(o, f, events->db, err);
		if (rc < 0)
			return rc;
	} else {
		o->n_missing = 0;
	}
	for (size_t i = 0; i < f->n_units; i++) {
		rc = observe_unit(f, &f->units[i], events, err);
		if (rc < 0)
			return rc;
	}
	fleet_index(f);
	return 0;
}
