/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room.c - a pool's maximum is a maximum: every VM that exists or may exist counts, also
 * those that drain, are being terminated, wait for a limit or were never heard of again.
 */
#include "round.h"

#include "check.h"

#include <string.h>

#define POOL_LAUNCHES_LEAST 30
#define TOTAL_LAUNCHES_LEAST 100

static int64_t count(const struct pool_round *r, enum db_host_state from,
		     enum db_host_state to)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		n += r->hosts.v[i].state >= from && r->hosts.v[i].state <= to;
	return n;
}

/* Launches that were given up without an answer: their VMs may come up all the same. */
static int count_lost(struct pool_round *r, int64_t *ret, struct err *err)
{
	CLEANUP(db_launch_list_done) struct db_launch_list l = { 0 };
	const int64_t timeout = r->opts->join_timeout_ms;
	const struct db_launch_filter lately = {
		.pool = r->row.name,
		.lost = true,
		.since_ms = r->now_ms - 2 * timeout,
	};
	int rc = db_launch_list(r->opts->db, &lately, &l, err);

	*ret = 0;
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		*ret += ages_of(&r->pool->lost, l.v[i].launch_id, l.v[i].updated_ms) <
				timeout &&
			!pool_vm_of(r, l.v[i].launch_id);
	ages_sweep(&r->pool->lost);
	return rc;
}

int pool_count_existing(struct pool_round *r, int64_t *ret, struct err *err)
{
	int64_t lost = 0;
	int rc = count_lost(r, &lost, err);

	*ret = count(r, DB_HOST_BOOTING, DB_HOST_TERMINATING) + r->n_unknown + lost;
	return rc;
}

/* Hosts whose successors come first: while they are there the pool may be larger. */
static int64_t count_replaced(const struct pool_round *r)
{
	int64_t n = count(r, DB_HOST_DRAINING, DB_HOST_DRAINING);

	for (size_t i = 0; i < r->hosts.n; i++) {
		const struct db_host *h = &r->hosts.v[i];

		n += h->state == DB_HOST_UP && pool_has_joined(h) &&
		     pool_listen(r, h->id) == POOL_SILENT;
	}
	return n;
}

static void tell_room(struct pool_round *r, const struct db_pool *p, int64_t missing,
		      int64_t room, int64_t lost)
{
	const int64_t going = count(r, DB_HOST_DRAINING, DB_HOST_TERMINATING);

	if (missing <= room || !(going + r->n_unknown + lost)) {
		pool_problem_clear(&r->pool->problems, POOL_AT_MAXIMUM);
		return;
	}
	pool_problem_set(&r->pool->problems, POOL_AT_MAXIMUM, p->name,
			 "%lld hosts are not launched, as the maximum of %lld is reached "
			 "with %lld hosts that drain or are being terminated, %lld VMs "
			 "without a record and %lld launches without an answer",
			 (long long)(missing - MAX(room, 0)), (long long)p->max,
			 (long long)going, (long long)r->n_unknown, (long long)lost);
}

/* waiting: hosts that it keeps from being launched. */
static void tell_quota(struct pool_round *r, const struct db_pool *p, int64_t existing,
		       int64_t waiting)
{
	const int64_t left = MAX(p->quota_most - existing, INT64_C(0));

	r->pool->is_quota_short = p->has_quota && waiting > 0;
	if (!p->has_quota || p->quota_most >= p->max) {
		pool_problem_clear(&r->pool->problems, POOL_QUOTA);
		return;
	}
	pool_problem_set(
		&r->pool->problems, POOL_QUOTA, r->row.name,
		"the quota of profile %s leaves room for %lld more hosts, so that the "
		"pool can have %lld, not its maximum of %lld%s; ask the cloud for more, "
		"or lower the maximum",
		p->profile, (long long)left, (long long)p->quota_most, (long long)p->max,
		waiting > 0 ? ": hosts wait for it" : "");
}

static void tell_exception(struct pool_round *r, const struct db_pool *p,
			   int64_t existing, int64_t n)
{
	if (n <= 0 || existing + n <= p->max)
		return;
	event_add(r->opts->events, "pool-above-max", DB_LEVEL_WARN,
		  EVENT_ABOUT(.pool = p->name),
		  "pool %s has %lld VMs and its maximum is %lld: %lld more are launched "
		  "to replace hosts that drain or are silent",
		  p->name, (long long)existing, (long long)p->max, (long long)n);
}

/*
 * The desired count is read after the hosts: with an older one, a host that was removed
 * since would count as missing. Above the maximum at most one host, or a tenth of it, is
 * launched to replace others.
 */
int pool_count_missing(struct pool_round *r, int64_t *ret, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool now = { 0 };
	int64_t standing, existing, lost = 0, room, missing, above, left;
	int rc = db_pool_get(r->opts->db, r->row.name, &now, err);

	if (rc == 0)
		rc = count_lost(r, &lost, err);
	if (rc < 0)
		return rc;
	standing = count(r, DB_HOST_REQUESTED, DB_HOST_UP);
	existing = standing + count(r, DB_HOST_DRAINING, DB_HOST_TERMINATING) +
		   r->n_unknown + lost;
	missing = now.want - standing;
	room = now.max - existing;
	left = MAX(now.has_quota ? now.quota_most - existing : missing, INT64_C(0));
	above = missing > room && now.max > 0
			? MIN(count_replaced(r), MAX(now.max / 10, INT64_C(1)))
			: 0;
	tell_room(r, &now, MIN(missing, now.max - standing), room + above, lost);
	missing = MIN(missing, room + above);
	tell_quota(r, &now, existing, missing - left);
	*ret = pool_launches_now(r, MIN(missing, left));
	tell_exception(r, &now, existing, *ret);
	return 0;
}

int pool_launch_limits(struct pool_round *r, struct cap_limits *ret, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { 0 };
	int64_t sum = 0;
	int rc = db_pool_list(r->opts->db, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++)
		sum += all.v[i].max;
	*ret = (struct cap_limits){
		.pool = r->opts->launch_per_hour
				? r->opts->launch_per_hour
				: MAX(2 * r->row.max, POOL_LAUNCHES_LEAST),
		.total = r->opts->launch_per_hour_total ? r->opts->launch_per_hour_total
							: MAX(sum, TOTAL_LAUNCHES_LEAST),
	};
	return rc;
}
