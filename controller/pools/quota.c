/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota.c - what the cloud's quota leaves to a pool is asked for now and then, and after
 * a launch that it refused, so that no plan promises hosts that it does not allow.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "text.h"

/* Real. */
#define EVERY_MS 300000
#define EVERY_SHORT_MS 30000 /* while hosts wait for it */
#define LEAST_MS 1000        /* after a launch that it refused */
#define TIMEOUT_MS 10000

/* What it allows was counted with the pool's own VMs, so these may change meanwhile. */
static int record(struct pool_round *r, const struct drv_quota *q, struct err *err)
{
	int64_t existing = 0, most = -1;
	int rc = pool_count_existing(r, &existing, err);

	if (rc < 0)
		return rc;
	if (q->limit >= 0)
		most = existing + MAX(q->limit - q->used, INT64_C(0));
	if (r->row.has_quota == (most >= 0) && (most < 0 || r->row.quota_most == most))
		return 0;
	r->row.has_quota = most >= 0;
	r->row.quota_most = most;
	r->changed = true;
	return db_pool_quota(r->opts->db, r->row.name, most, err);
}

static bool is_due(const struct pool *p, int64_t now)
{
	int64_t every = EVERY_MS;

	if (p->is_quota_refused)
		every = LEAST_MS;
	else if (p->is_quota_short)
		every = EVERY_SHORT_MS;
	return !p->quota_asked_mono_ms || now - p->quota_asked_mono_ms >= every;
}

int pool_look_at_quota(struct pool_round *r, struct err *err)
{
	const struct driver *d = r->pool->driver;
	const int64_t now = clock_mono_ms();
	struct drv_quota q = { .limit = -1 };
	struct drv_err e;
	int cls;

	if (!d->ops->quota || r->row.max <= 0 || !is_due(r->pool, now) ||
	    !pool_ask(r, GATE_LOOK, NULL))
		return 0;
	r->pool->quota_asked_mono_ms = now;
	r->pool->is_quota_refused = false;
	cls = d->ops->quota(d->drv, now + TIMEOUT_MS, &q, &e);
	pool_asked(r, NULL, cls, &e);
	/* Launches tell what is wrong: without a quota they are tried. */
	if (cls < 0)
		return 0;
	pool_said(r->pool, "quota_read", json_time(clock_now_ms()));
	pool_said(r->pool, "quota", pool_quota_json(&q));
	return record(r, &q, err);
}
