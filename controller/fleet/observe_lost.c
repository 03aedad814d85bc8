/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_lost.c - which unknown hosts are ended for their silence, and which of them are
 * taken back.
 */
#include "observer.h"

#include "adopt_host.h"
#include "check.h"
#include "stack_catalog.h"

#include <string.h>

#define WHY_SILENT "its agent stopped responding"

/* ---------------------------------------------------------------- who is kept */

bool observe_is_protected(const struct fleet *f, const struct fleet_unit *u)
{
	const struct db_pool *p = u->host ? fleet_pool(f, u->host->h.pool) : NULL;

	return u->tier && u->tier->t.stateful && !(p && p->lose_stateful);
}

static bool is_on_hold(const struct fleet *f, const struct fleet_unit *u)
{
	for (size_t i = 0; i < f->holds.n; i++) {
		const struct db_hold *h = &f->holds.v[i];

		if (strcmp(h->stack, u->u.stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, u->u.tier) == 0))
			return true;
	}
	return false;
}

/* Others carry its tier, which is to have so many. */
static bool is_carried(const struct fleet_unit *u)
{
	const struct fleet_tier *t = u->tier;
	int64_t want;

	if (!t || !t->cat)
		return true;
	want = t->t.desired >= 0 ? t->t.desired : t->t.min;
	return (int64_t)t->healthy >= (t->cat->unit->is_template ? want : MIN(want, 1));
}

struct burden {
	bool is_kept;    /* by a unit that holds state, or a hold */
	bool is_carried; /* others serve in the place of its units */
};

static struct burden burden_of(const struct fleet *f, const struct fleet_host *h)
{
	/* What one that was found runs is not known at first. */
	struct burden b = { .is_carried = true, .is_kept = adopt_is_open(&h->h) };

	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (u->host != h || u->gone)
			continue;
		b.is_kept |= observe_is_protected(f, u) || is_on_hold(f, u);
		b.is_carried &= u->u.goal != DB_GOAL_RUN || is_carried(u);
	}
	return b;
}

bool observe_is_kept(const struct fleet *f, const struct fleet_host *h)
{
	return burden_of(f, h).is_kept;
}

/* ---------------------------------------------------------------- lost */

static int lose(struct fleet *f, struct fleet_host *h, const struct events *events,
		struct err *err)
{
	int rc = db_host_set_state(events->db, h->h.id, DB_HOST_TERMINATING, WHY_SILENT,
				   f->now_ms, err);

	if (rc < 0)
		return rc;
	h->h.state = DB_HOST_TERMINATING;
	event_add(events, "host-lost", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s has not responded for %.1f s, neither by its lease nor by its "
		  "metrics: terminating it; %zu units were on it",
		  h->h.id, (double)h->silent_ms / 1000, h->n_units);
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host == h)
			fleet_unit_unplace(f, &f->units[i]);
	return 0;
}

int64_t observe_lost_after(const struct observer *o, const struct fleet *f,
			   const struct fleet_host *h)
{
	const struct db_pool *p = fleet_pool(f, h->h.pool);

	return p && p->lost_after_ms ? p->lost_after_ms : o->opts.lost_after_ms;
}

/* It takes the place of its own successor. */
static bool is_in_the_way(const struct fleet *f, const struct fleet_host *h)
{
	const struct db_pool *p = fleet_pool(f, h->h.pool);
	int64_t n = 0;

	for (size_t i = 0; i < f->n_hosts; i++)
		n += strcmp(f->hosts[i].h.pool, h->h.pool) == 0;
	return p && n >= p->max;
}

/* A successor serves first, however long that takes. */
static bool is_succeeded(const struct observer *o, const struct fleet *f,
			 const struct fleet_host *h, const struct burden *b)
{
	return b->is_carried ||
	       (h->silent_ms >= 2 * observe_lost_after(o, f, h) && is_in_the_way(f, h));
}

int observe_lost_hosts(struct observer *o, struct fleet *f, const struct events *events,
		       struct observed *ret, struct err *err)
{
	for (size_t i = 0; i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];
		struct burden b;
		int rc;

		/* One that a person drains ends when it is empty. */
		if (!h->is_due || h->h.state != DB_HOST_UP)
			continue;
		b = burden_of(f, h);
		if (b.is_kept || !is_succeeded(o, f, h, &b))
			continue;
		if (!silences_may_end(o->silences, h->h.pool, o->now_ms, f->now_ms)) {
			ret->n_limited++;
			continue;
		}
		rc = lose(f, h, events, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- taken back */

int observe_take_back(struct fleet *f, const struct events *events, struct err *err)
{
	for (size_t i = 0; i < f->n_hosts; i++) {
		struct fleet_host *h = &f->hosts[i];
		int rc;

		if (!h->alive || h->h.state != DB_HOST_TERMINATING || h->h.gone_ms ||
		    strcmp(h->h.message, WHY_SILENT) != 0)
			continue;
		rc = db_host_take_back(events->db, h->h.id, err);
		/* Its termination was requested meanwhile. */
		if (rc == ERR_NOT_FOUND)
			continue;
		if (rc < 0)
			return rc;
		h->h.state = DB_HOST_UP;
	}
	return 0;
}
