/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminate.c - terminates the hosts that the tick has marked, within the hourly limit.
 */
#include "round.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000
#define UNKNOWN INT64_MAX

/* Within the last hour; a time in the future is from before the clock was set back. */
static bool was_asked(const struct pool_round *r, const struct db_host *h)
{
	return llabs(r->now_ms - h->gone_ms) < HOUR_MS;
}

/*
 * How many more hosts the pool may terminate within this hour. Counted from their
 * records, so that a restart does not reset the limit; VMs that vanished do not count.
 */
static int terminations_left(struct pool_round *r, int64_t *ret, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	const struct db_host_filter lately = { .pool = r->row.name,
					       .gone_since_ms = r->now_ms - HOUR_MS + 1 };
	int rc = db_host_list(r->opts->db, &lately, &l, err);

	*ret = r->opts->terminate_per_hour;
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		*ret -= was_asked(r, &l.v[i]) && l.v[i].state != DB_HOST_FAILED &&
			strcmp(l.v[i].message, POOL_WHY_VANISHED) != 0;
	return rc;
}

static int terminate_host(struct pool_round *r, struct db_host *h, struct err *err)
{
	const struct driver *d = r->pool->driver;
	struct drv_err e;
	/* Recorded before the call: it counts even if we crash or the answer is lost. */
	int rc = db_host_ending(r->opts->db, h->id, r->now_ms, err);

	if (rc < 0)
		return rc;
	if (*h->vm_id &&
	    d->ops->terminate(d->drv, r->opts->owner, h->vm_id,
			      clock_mono_ms() + POOL_CALL_TIMEOUT_MS, &e) < 0)
		return pool_driver_err(r, &e, err);
	rc = db_host_gone(r->opts->db, h->id, h->message, r->now_ms, err);
	if (rc < 0)
		return rc;
	h->state = DB_HOST_GONE;
	r->changed = true;
	event_add(r->opts->events, "host-terminated", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool),
		  "host %s was terminated%s%s", h->id, *h->message ? ": " : "",
		  h->message);
	return 0;
}

/* A failure does not stop the others; the first one is returned. */
int pool_terminate(struct pool_round *r, struct err *err)
{
	int64_t left = UNKNOWN;
	int first = 0;

	if (r->now_ms < r->opts->careful_until_ms)
		return 0;
	for (size_t i = 0; i < r->hosts.n; i++) {
		struct db_host *h = &r->hosts.v[i];
		int rc = 0;

		if (h->state != DB_HOST_TERMINATING)
			continue;
		if (left == UNKNOWN && (rc = terminations_left(r, &left, err)) < 0)
			return rc;
		if (!was_asked(r, h) && left-- <= 0) {
			r->limited = true;
			continue;
		}
		rc = terminate_host(r, h, first ? NULL : err);
		first = first ? first : rc;
	}
	return first;
}
