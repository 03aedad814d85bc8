/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desired_hosts.c - how many hosts each pool should have, and which ones are terminated.
 */
#include "round.h"

#include <string.h>

static int terminate(struct round *r, struct fleet_host *h, const char *why,
		     struct err *err)
{
	int rc = db_host_set_state(r->parts->o->db, h->h.id, DB_HOST_TERMINATING, why,
				   r->f->now_ms, err);

	if (rc < 0)
		return rc;
	h->h.state = DB_HOST_TERMINATING;
	event_add(r->parts->o->events, "host-leaves", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool),
		  "host %s is being removed: %s", h->h.id, why);
	sched_poke(r->parts->o->pools, h->h.pool);
	return 0;
}

/* Its stack, or any tier of it, is on hold: hosts stay, also empty ones. */
static bool is_held(const struct round *r, const char *pool)
{
	const char *stack = "";

	for (size_t i = 0; i < r->f->pools.n; i++)
		if (strcmp(r->f->pools.v[i].name, pool) == 0)
			stack = r->f->pools.v[i].stack;
	for (size_t i = 0; i < r->f->holds.n; i++)
		if (strcmp(r->f->holds.v[i].stack, stack) == 0)
			return true;
	return false;
}

/* Empty, not draining, and not on hold. What one that was found runs is not known at
 * once. */
static bool is_unneeded(const struct round *r, const struct fleet_host *h)
{
	return h && h->h.state < DB_HOST_DRAINING && h->n_units == 0 &&
	       !adopt_is_open(&h->h) && !is_held(r, h->h.pool);
}

void lower_desired(struct round *r)
{
	for (size_t i = 0; i < r->placed.n_leave; i++) {
		const struct fleet_host *h = fleet_host(r->f, r->placed.leave[i]);

		if (!is_unneeded(r, h))
			continue;
		for (size_t k = 0; k < r->f->pools.n; k++)
			if (strcmp(r->f->pools.v[k].name, h->h.pool) == 0)
				r->placed.want[k]--;
	}
}

int terminate_unneeded_hosts(struct round *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->f->n_hosts; i++) {
		struct fleet_host *h = &r->f->hosts[i];

		if (h->h.state == DB_HOST_DRAINING && h->n_units == 0 &&
		    !adopt_is_busy(h))
			rc = terminate(r, h, "it has been drained", err);
	}
	for (size_t i = 0; rc == 0 && i < r->placed.n_leave; i++) {
		struct fleet_host *h = fleet_host(r->f, r->placed.leave[i]);

		if (is_unneeded(r, h))
			rc = terminate(r, h, "it is no longer needed", err);
	}
	return rc;
}

/*
 * Whether a pool's worker has hosts to launch or terminate; unpoked it would look later.
 */
static bool has_work(const struct fleet *f, const char *pool, int64_t want)
{
	int64_t standing = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		if (strcmp(f->hosts[i].h.pool, pool) != 0)
			continue;
		if (f->hosts[i].h.state == DB_HOST_TERMINATING)
			return true;
		standing += f->hosts[i].h.state <= DB_HOST_UP;
	}
	return standing < want;
}

int want_hosts(struct round *r, struct err *err)
{
	for (size_t i = 0; i < r->f->pools.n; i++) {
		const struct db_pool *p = &r->f->pools.v[i];
		int64_t want = r->placed.want[i];
		int rc = p->want == want
				 ? 0
				 : db_pool_want(r->parts->o->db, p->name, want, err);

		if (rc < 0)
			return rc;
		if (p->want != want || has_work(r->f, p->name, want))
			sched_poke(r->parts->o->pools, p->name);
	}
	return 0;
}
