/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desired_hosts.c - how many hosts each pool should have, and which ones are terminated.
 */
#include "round.h"

#include "check.h"

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

/* Empty, not draining, and not on hold. What one that was found runs is not known at
 * once. */
static bool is_unneeded(const struct round *r, const struct fleet_host *h)
{
	return h && h->h.state < DB_HOST_DRAINING && h->n_units == 0 &&
	       !adopt_is_open(&h->h) && !fleet_pool_is_held(r->f, h->h.pool);
}

void lower_desired(struct round *r)
{
	for (size_t i = 0; i < r->placed.n_leave; i++) {
		const struct fleet_host *h = fleet_host(r->f, r->placed.leave[i]);
		const struct db_pool *p = h ? fleet_pool(r->f, h->h.pool) : NULL;

		if (p && is_unneeded(r, h))
			r->placed.want[p - r->f->pools.v]--;
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

/* What a pool has, for its worker. */
struct standing {
	int64_t hosts;       /* that stay */
	bool is_terminating; /* one of its hosts is */
};

/* Of each pool. Hosts of a pool that is gone are looked after by nobody. */
static struct standing *count_standing(const struct fleet *f)
{
	struct standing *all = xcalloc(f->pools.n + 1, sizeof(*all));

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct db_host *h = &f->hosts[i].h;
		const struct db_pool *p = fleet_pool(f, h->pool);
		struct standing *s = p ? &all[p - f->pools.v] : NULL;

		if (!s)
			continue;
		s->hosts += h->state <= DB_HOST_UP;
		s->is_terminating |= h->state == DB_HOST_TERMINATING;
	}
	return all;
}

int want_hosts(struct round *r, struct err *err)
{
	CLEANUP(free) struct standing *standing = count_standing(r->f);

	for (size_t i = 0; i < r->f->pools.n; i++) {
		const struct db_pool *p = &r->f->pools.v[i];
		int64_t want = r->placed.want[i];
		int rc = p->want == want
				 ? 0
				 : db_pool_want(r->parts->o->db, p->name, want, err);

		if (rc < 0)
			return rc;
		/* With hosts to launch or terminate; unpoked it would look later. */
		if (p->want != want || standing[i].hosts < want ||
		    standing[i].is_terminating)
			sched_poke(r->parts->o->pools, p->name);
	}
	return 0;
}
