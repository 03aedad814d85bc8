/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_silent.c - which hosts are unknown, whose units are replaced, and which are
 * heard again; as recorded in the database.
 */
#include "observer.h"

#include "adopt_host.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETURN_MS 30000 /* where the options say nothing */
#define LOOK_MS 60000   /* of silence; after it a host is looked at each tick */

/* Before its first lease a host is joining, with a time limit of its pool. One that was
 * found serving is none of these. */
static bool expects_agent(const struct fleet_host *h)
{
	return (h->h.ready_ms || adopt_is_open(&h->h)) &&
	       (h->h.state == DB_HOST_UP || h->h.state == DB_HOST_DRAINING);
}

/* ---------------------------------------------------------------- those that are back */

void returns_done(struct returns *r)
{
	free(r->v);
}

static struct host_return *return_of(struct returns *r, const char *id, int64_t now_ms)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].id, id) == 0)
			return &r->v[i];
	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n] = (struct host_return){ .since_ms = now_ms };
	snprintf(r->v[r->n].id, sizeof(r->v[r->n].id), "%s", id);
	return &r->v[r->n++];
}

static void forget_returns(struct returns *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (!r->v[i].is_seen)
			continue;
		r->v[kept] = r->v[i];
		r->v[kept++].is_seen = false;
	}
	r->n = kept;
}

static bool serves_again(const struct fleet *f, const struct fleet_host *h)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host == h && f->units[i].u.goal == DB_GOAL_RUN &&
		    !f->units[i].healthy)
			return false;
	return true;
}

/* Its units count again once they serve; for a while nothing is expected of them. */
static bool is_returning(struct observer *o, const struct fleet *f,
			 const struct fleet_host *h, int64_t now_ms)
{
	const int64_t return_ms = o->opts.return_ms ? o->opts.return_ms : RETURN_MS;
	struct host_return *r;

	if (!h->alive || !h->h.is_replaced || serves_again(f, h))
		return false;
	r = return_of(&o->returns, h->h.id, now_ms);
	r->is_seen = true;
	return now_ms - r->since_ms < return_ms;
}

/* ---------------------------------------------------------------- what is recorded */

static void tell_unknown(const struct fleet_host *h, const struct events *events)
{
	event_add(events, "host-unknown", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s has not responded for %.1f s: it is kept%s", h->h.id,
		  (double)h->silent_ms / 1000,
		  h->is_cut ? ", as its metrics arrive: it is cut off from the store"
			    : "");
}

static void tell_replaced(const struct fleet_host *h, const struct events *events)
{
	event_add(
		events, "host-replaced", DB_LEVEL_WARN,
		EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		"host %s is not heard: its units are replaced on other hosts, those that "
		"hold state excepted, and it is kept",
		h->h.id);
}

static void tell_return(const struct fleet_host *h, const struct events *events)
{
	event_add(events, "host-returned", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s responds again: it is taken back", h->h.id);
}

static int record(struct fleet *f, struct fleet_host *h, bool is_unknown,
		  bool is_replaced, const struct events *events, struct err *err)
{
	const bool was_unknown = h->h.unknown_ms != 0, was_replaced = h->h.is_replaced;
	int rc;

	if (is_unknown == was_unknown && is_replaced == was_replaced)
		return 0;
	if (!is_unknown || !was_unknown)
		h->h.unknown_ms = is_unknown ? f->now_ms : 0;
	h->h.is_replaced = is_replaced;
	rc = db_host_set_unknown(events->db, h->h.id, h->h.unknown_ms, is_replaced, err);
	if (rc < 0)
		return rc;
	if (is_unknown && !was_unknown)
		tell_unknown(h, events);
	if (is_replaced && !was_replaced)
		tell_replaced(h, events);
	if (!is_unknown && was_unknown)
		tell_return(h, events);
	return 0;
}

/* ---------------------------------------------------------------- all */

static size_t list_expected(const struct observer *o, const struct fleet *f,
			    struct silence_host *v)
{
	struct listening *l = o->opts.listening;
	size_t n = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];

		if (!expects_agent(h))
			continue;
		v[n++] = (struct silence_host){
			.id = h->h.id,
			.pool = h->h.pool,
			.alive = h->alive,
			.was_unknown = h->h.unknown_ms != 0,
			.was_replaced = h->h.is_replaced,
			.pushed_ms = listening_last_push(l, h->h.id),
			.lost_after = observe_lost_after(o, f, h),
		};
	}
	return n;
}

static int take_over(struct observer *o, struct fleet *f, const struct silence_host *s,
		     int64_t now_ms, const struct events *events, struct observed *ret,
		     struct err *err)
{
	struct fleet_host *h = fleet_host(f, s->id);
	const bool is_back = is_returning(o, f, h, now_ms);
	const bool was_unknown = h->h.unknown_ms != 0;

	h->is_missing = s->is_missing;
	h->is_cut = s->is_cut;
	h->is_due = s->is_due;
	h->is_long_silent = s->is_long;
	h->silent_ms = s->silent_ms;
	ret->settling |= is_back || (s->is_missing && s->silent_ms < LOOK_MS);
	ret->lists_due |= s->is_missing && (s->is_new || (s->is_unknown && !was_unknown));
	/* One that is missing again within its grace is as it was. */
	if (s->is_missing && !s->is_unknown)
		return 0;
	return record(f, h, s->is_unknown || is_back, s->is_replaced || is_back, events,
		      err);
}

int observe_silent_hosts(struct observer *o, struct fleet *f, const struct events *events,
			 struct observed *ret, struct err *err)
{
	CLEANUP(free) struct silence_host *v = xcalloc(f->n_hosts, sizeof(*v));
	const struct silence_moment m = {
		.now_ms = o->now_ms,
		.heard_ms = o->heard_ms,
		.grace_ms = o->opts.grace_ms,
		.push_ms = o->opts.push_ms,
	};
	const size_t n = list_expected(o, f, v);
	int rc = 0;

	silences_look(o->silences, &m, v, n);
	ret->host_shrunk = silences_doubt_all(o->silences);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_over(o, f, &v[i], m.now_ms, events, ret, err);
	forget_returns(&o->returns);
	return rc;
}

/* One that is stopped to be run again never says there that it has. */
static bool is_wanted_there(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN ||
	       (u->u.goal == DB_GOAL_RESTART && !u->host->alive);
}

void observe_away(struct fleet *f)
{
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		u->away = u->host && u->host->h.is_replaced && is_wanted_there(u) &&
			  !(u->host->alive && u->healthy) && !observe_is_protected(f, u);
	}
}
