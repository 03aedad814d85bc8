/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - launches missing hosts, and resolves launches whose outcome is unknown.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "text.h"
#include "trust.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#define LAUNCHES_AT_ONCE 32 /* per round; the rest follow in the next one */

static int record(struct pool_round *r, const char *launch_id, const char *id,
		  struct err *err)
{
	const struct db_launch l = {
		.launch_id = (char *)(uintptr_t)launch_id,
		.pool = r->row.name,
		.host = (char *)(uintptr_t)id,
		.state = DB_LAUNCH_INTENDED,
		.created_ms = r->now_ms,
		.updated_ms = r->now_ms,
	};
	const struct db_host h = {
		.id = (char *)(uintptr_t)id,
		.pool = r->row.name,
		.launch_id = (char *)(uintptr_t)launch_id,
		.state = DB_HOST_REQUESTED,
		.requested_ms = r->now_ms,
		.cpu = r->row.cpu,
		.memory_bytes = r->row.memory_bytes,
	};

	return db_launch_intend(r->opts->db, &l, &h, err);
}

static void tell_cap(struct pool_round *r, enum cap_verdict verdict,
		     const struct cap_limits *limits)
{
	if (verdict == CAP_FREE)
		pool_problem_clear(&r->pool->problems, POOL_LAUNCHES);
	else
		pool_problem_set(
			&r->pool->problems, POOL_LAUNCHES, r->row.name,
			"%lld hosts %swere launched within the hour, which is "
			"the limit: the others wait (limits.launches_per_hour%s)",
			(long long)(verdict == CAP_POOL_FULL ? limits->pool
							     : limits->total),
			verdict == CAP_POOL_FULL ? "" : "of all pools ",
			verdict == CAP_POOL_FULL ? "" : "_total");
}

/*
 * Records a new host and its launch; from then on it counts as requested. *ret: whether
 * the hourly limits allow it.
 */
static int intend(struct pool_round *r, const struct cap_limits *limits, bool *ret,
		  struct err *err)
{
	unsigned char raw[16];
	char launch_id[2 * sizeof(raw) + 1], id[64];
	enum cap_verdict verdict;
	int rc;

	CHECK(gnutls_rnd(GNUTLS_RND_KEY, raw, sizeof(raw)) == 0);
	hex_encode(raw, sizeof(raw), launch_id);
	snprintf(id, sizeof(id), "%s-%.8s", r->row.name, launch_id);
	verdict = caps_take(r->caps, CAP_LAUNCH, r->row.name, id, limits);
	tell_cap(r, verdict, limits);
	*ret = verdict == CAP_FREE;
	if (!*ret) {
		r->is_held = true;
		return 0;
	}
	rc = record(r, launch_id, id, err);
	if (rc < 0)
		caps_give_back(r->caps, CAP_LAUNCH, id);
	else
		r->pool->launched_steady_ms = clock_steady_ms();
	return rc;
}

static struct db_host *host_of(struct pool_round *r, const char *id)
{
	for (size_t i = 0; i < r->hosts.n; i++)
		if (strcmp(r->hosts.v[i].id, id) == 0)
			return &r->hosts.v[i];
	return NULL;
}

static int call_driver(struct pool_round *r, struct db_host *h, const char *user_data,
		       struct drv_vm *vm, struct drv_err *e)
{
	const struct driver *d = r->pool->driver;
	const char *types[] = { *r->row.type ? r->row.type : NULL, NULL };
	struct drv_launch launch = {
		.launch_id = h->launch_id,
		.owner = r->opts->owner,
		.pool = h->pool,
		.name = h->id,
		.types = types,
		.user_data = user_data,
		.user_data_len = strlen(user_data),
	};

	int rc = d->ops->launch(d->drv, &launch, clock_mono_ms() + POOL_CALL_TIMEOUT_MS,
				vm, e);

	if (rc < 0 || vm->state != DRV_VM_GONE)
		return rc;
	/* Sent again, after somebody had ended what the first call launched. */
	*e = (struct drv_err){ .cls = DRV_NOTFOUND, .retry_after_ms = -1 };
	snprintf(e->msg, sizeof(e->msg), "its VM %s was launched and is gone already",
		 vm->id);
	return e->cls;
}

static void tell_failed(struct pool_round *r, const struct db_host *h, int cls,
			const struct drv_err *e)
{
	struct again *again = &r->pool->launch_failed;
	char more[64] = "";

	if (!again_is_due(again, e->msg))
		return;
	if (again->untold)
		snprintf(more, sizeof(more), " (and %lld more times)",
			 (long long)again->untold);
	event_add(r->opts->events, "launch-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s: %s%s%s", h->id,
		  e->msg,
		  cls == DRV_AMBIGUOUS ? " (it may have been launched nevertheless)" : "",
		  more);
}

/* Records the outcome: done, failed or unknown. */
static int note_answer(struct pool_round *r, struct db_host *h, int cls,
		       const struct drv_vm *vm, const struct drv_err *e, struct err *err)
{
	struct db *db = r->opts->db;
	struct err e2;
	int rc;

	r->changed = true;
	if (cls == 0) {
		again_over(&r->pool->launch_failed);
		h->state = DB_HOST_BOOTING;
		event_add(r->opts->events, "host-launched", DB_LEVEL_INFO,
			  EVENT_ABOUT(.host = h->id, .pool = h->pool),
			  "host %s was launched as VM %s", h->id, vm->id);
		return db_launch_set(db, h->launch_id, DB_LAUNCH_DONE, vm->id, "",
				     r->now_ms, err);
	}
	if (cls == DRV_AMBIGUOUS) {
		rc = db_launch_set(db, h->launch_id, DB_LAUNCH_UNKNOWN, NULL, e->msg,
				   r->now_ms, err);
	} else {
		h->state = DB_HOST_FAILED;
		caps_give_back(r->caps, CAP_LAUNCH, h->id);
		rc = db_launch_set(db, h->launch_id, DB_LAUNCH_FAILED, NULL, e->msg,
				   r->now_ms, err);
	}
	tell_failed(r, h, cls, e);
	return rc < 0 ? rc : pool_driver_err(r, e, err ? err : &e2);
}

static int send_launch(struct pool_round *r, struct db_host *h, struct err *err)
{
	CLEANUP(free) char *user_data = NULL;
	char token[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	struct drv_vm vm;
	struct drv_err e;
	int rc, cls;

	/* A repeated launch must be identical: the first call may have created the VM. */
	token_derive(r->opts->join_secret, h->launch_id, token);
	token_hash(token, hash);
	rc = db_host_set_token(r->opts->db, h->id, hash, err);
	/* It has joined in the meantime: the next list shows its VM. */
	if (rc == ERR_CONFLICT)
		return 0;
	if (rc == 0)
		rc = r->opts->user_data(r->opts->arg, h, token, &user_data, err);
	/* Now, not when the round began: calls before this one take their time. */
	if (rc == 0)
		rc = db_launch_set(r->opts->db, h->launch_id, DB_LAUNCH_SENT, NULL, NULL,
				   clock_now_ms(), err);
	if (rc < 0)
		return rc;
	cls = call_driver(r, h, user_data, &vm, &e);
	return note_answer(r, h, cls, &vm, &e, err);
}

/*
 * The call may have taken effect. If launches are idempotent, it is sent again; otherwise
 * it is given up when lists lack its VM for long enough; since it may appear later, it
 * counts against the maximum for the time to join.
 */
static int settle(struct pool_round *r, struct db_launch *l, struct db_host *h,
		  struct err *err)
{
	const struct driver *d = r->pool->driver;
	const struct drv_caps *caps = d->ops->caps(d->drv);
	const struct missing *m;

	if (l->state == DB_LAUNCH_INTENDED)
		return send_launch(r, h, err);
	if (pool_resends(r))
		return send_launch(r, h, err);
	m = missing_note(&r->pool->missing, l->launch_id);
	if (r->is_short || m->count < POOL_LISTS_UNTIL_GONE ||
	    clock_mono_ms() - m->first_mono_ms < caps->visible_ms)
		return 0;
	missing_clear(&r->pool->missing, l->launch_id);
	h->state = DB_HOST_FAILED;
	r->changed = true;
	return db_launch_set(
		r->opts->db, l->launch_id, DB_LAUNCH_LOST, NULL,
		"its launch was never acknowledged and its VM never appeared", r->now_ms,
		err);
}

/* Hosts that are not known yet are still to be heard. */
static bool is_quiet(const struct pool_round *r)
{
	return clock_mono_ms() < r->opts->launch_from_mono_ms;
}

static int settle_all(struct pool_round *r, struct err *err)
{
	for (size_t i = 0; i < r->open.n; i++) {
		struct db_host *h = host_of(r, r->open.v[i].host);
		int rc;

		/* Terminated before it came up, or already listed. */
		if (!h || h->state != DB_HOST_REQUESTED)
			continue;
		/* Its launch, as a backup has it, may be of long ago. */
		if (is_quiet(r) && !pool_vm_of(r, h->launch_id))
			continue;
		rc = settle(r, &r->open.v[i], h, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int launch_some(struct pool_round *r, int64_t n, struct err *err)
{
	struct cap_limits limits;
	bool may = true;
	int rc = pool_launch_limits(r, &limits, err);

	for (int64_t i = 0; rc == 0 && may && i < MIN(n, LAUNCHES_AT_ONCE); i++)
		rc = intend(r, &limits, &may, err);
	if (rc == 0)
		rc = pool_round_load(r, err);
	return rc < 0 ? rc : settle_all(r, err);
}

int pool_launch(struct pool_round *r, struct err *err)
{
	int64_t n = 0;
	int rc = settle_all(r, err);

	if (is_quiet(r))
		return rc;
	if (rc < 0 || (rc = pool_count_missing(r, &n, err)) < 0)
		return rc;
	if (n > 0)
		return launch_some(r, n, err);
	pool_problem_clear(&r->pool->problems, POOL_LAUNCHES);
	return 0;
}
