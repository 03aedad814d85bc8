/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminate.c - terminates the hosts that the tick has marked, within the hourly limit.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

#define POOL_LEAST 30
#define TOTAL_LEAST 60

/* What may be terminated within an hour: a share of what there was before it. */
static int limits_of(struct pool_round *r, struct cap_limits *ret, struct err *err)
{
	const struct pool_opts *o = r->opts;
	int64_t pool =
		(int64_t)r->hosts.n + caps_used(r->caps, CAP_TERMINATION, r->row.name);
	int64_t total = 0;
	int rc = db_host_count(o->db, &total, err);

	total += caps_used(r->caps, CAP_TERMINATION, NULL);
	*ret = (struct cap_limits){
		.pool = o->terminate_per_hour ? o->terminate_per_hour
					      : MAX(pool / 5, POOL_LEAST),
		.total = o->terminate_per_hour_total ? o->terminate_per_hour_total
						     : MAX(total / 5, TOTAL_LEAST),
	};
	return rc;
}

static void note_limited(struct pool_round *r, enum cap_verdict verdict,
			 const struct cap_limits *limits)
{
	const bool of_pool = verdict == CAP_POOL_FULL;

	snprintf(r->limited, sizeof(r->limited),
		 "%lld hosts %swere terminated within the hour, which is the limit: the "
		 "others wait (limits.terminations_per_hour%s)",
		 (long long)(of_pool ? limits->pool : limits->total),
		 of_pool ? "" : "of all pools ", of_pool ? "" : "_total");
}

static int end_vm(struct pool_round *r, const struct db_host *h, struct err *err)
{
	const struct driver *d = r->pool->driver;
	struct drv_err e;
	const int cls = d->ops->terminate(d->drv, r->opts->owner, h->vm_id,
					  pool_call_deadline(r->opts), &e);

	pool_asked(r, NULL, cls, &e);
	return cls < 0 ? pool_driver_err(r, &e, err) : 0;
}

static int terminate_host(struct pool_round *r, struct db_host *h, struct err *err)
{
	/* Recorded before the call: it counts even if we crash or the answer is lost. */
	int rc = db_host_ending(r->opts->db, h->id, r->now_ms, err);

	/* It was heard again since it was read, and taken back. */
	if (rc == ERR_NOT_FOUND) {
		caps_give_back(r->caps, CAP_TERMINATION, h->id);
		return 0;
	}
	if (rc < 0)
		return rc;
	if (*h->vm_id)
		rc = end_vm(r, h, err);
	if (rc < 0)
		return rc;
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
	struct cap_limits limits = { 0 };
	int first = 0;

	if (clock_wait_left_ms(&r->opts->care) > 0)
		return 0;
	for (size_t i = 0; i < r->hosts.n; i++) {
		struct db_host *h = &r->hosts.v[i];
		enum cap_verdict verdict;
		int rc = 0;

		if (h->state != DB_HOST_TERMINATING)
			continue;
		if (!limits.total && (rc = limits_of(r, &limits, err)) < 0)
			return rc;
		verdict =
			caps_take(r->caps, CAP_TERMINATION, r->row.name, h->id, &limits);
		if (verdict != CAP_FREE) {
			note_limited(r, verdict, &limits);
			continue;
		}
		if (*h->vm_id && !pool_ask(r, GATE_CHANGE, NULL))
			break;
		rc = terminate_host(r, h, first ? NULL : err);
		first = first ? first : rc;
	}
	return first;
}
