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
#include <string.h>

#define LAUNCHES_AT_ONCE 32 /* per round; the rest follow in the next one */

/* Records a new host and its launch; from then on it counts as requested. */
static int intend(struct pool_round *r, struct err *err)
{
	unsigned char raw[16];
	char launch_id[2 * sizeof(raw) + 1], id[64];
	struct db_launch l = {
		.launch_id = launch_id,
		.pool = r->row.name,
		.host = id,
		.state = DB_LAUNCH_INTENDED,
		.created_ms = r->now_ms,
		.updated_ms = r->now_ms,
	};
	struct db_host h = {
		.id = id,
		.pool = r->row.name,
		.launch_id = launch_id,
		.state = DB_HOST_REQUESTED,
		.requested_ms = r->now_ms,
		.cpu = r->row.cpu,
		.memory_bytes = r->row.memory_bytes,
	};

	CHECK(gnutls_rnd(GNUTLS_RND_KEY, raw, sizeof(raw)) == 0);
	hex_encode(raw, sizeof(raw), launch_id);
	snprintf(id, sizeof(id), "%s-%.8s", r->row.name, launch_id);
	return db_launch_intend(r->opts->db, &l, &h, err);
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

	return d->ops->launch(d->drv, &launch, clock_mono_ms() + POOL_CALL_TIMEOUT_MS, vm,
			      e);
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
		rc = db_launch_set(db, h->launch_id, DB_LAUNCH_FAILED, NULL, e->msg,
				   r->now_ms, err);
	}
	event_add(r->opts->events, "launch-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s: %s%s", h->id,
		  e->msg,
		  cls == DRV_AMBIGUOUS ? " (it may have been launched nevertheless)"
				       : "");
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
 * it has failed when lists lack its VM for long enough (a VM that appears later is an
 * orphan).
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
	if (m->count < 2 || clock_mono_ms() - m->first_mono_ms < caps->visible_ms)
		return 0;
	missing_clear(&r->pool->missing, l->launch_id);
	h->state = DB_HOST_FAILED;
	r->changed = true;
	return db_launch_set(
		r->opts->db, l->launch_id, DB_LAUNCH_FAILED, NULL,
		"its launch was never acknowledged and its VM never appeared", r->now_ms,
		err);
}

static int settle_all(struct pool_round *r, struct err *err)
{
	for (size_t i = 0; i < r->open.n; i++) {
		struct db_host *h = host_of(r, r->open.v[i].host);
		int rc;

		/* Terminated before it came up, or already listed. */
		if (!h || h->state != DB_HOST_REQUESTED)
			continue;
		rc = settle(r, &r->open.v[i], h, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int64_t count(const struct pool_round *r, enum db_host_state from,
		     enum db_host_state to)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		n += r->hosts.v[i].state >= from && r->hosts.v[i].state <= to;
	return n;
}

/*
 * Hosts to launch. The desired count is read after the hosts: with an older one, a host
 * that was removed since would count as missing. Hosts that wait for their termination
 * count in the maximum: they run, and cost.
 */
static int count_missing(struct pool_round *r, int64_t *ret, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool now = { 0 };
	const int64_t standing = count(r, DB_HOST_REQUESTED, DB_HOST_UP);
	const int64_t going = count(r, DB_HOST_TERMINATING, DB_HOST_TERMINATING);
	int rc = db_pool_get(r->opts->db, r->row.name, &now, err);

	if (rc == 0)
		*ret = MIN(now.want, now.max - going) - standing;
	return rc;
}

int pool_launch(struct pool_round *r, struct err *err)
{
	int64_t missing = 0;
	int rc = settle_all(r, err);

	if (clock_mono_ms() < r->opts->launch_from_mono_ms)
		return rc;
	if (rc < 0 || (rc = count_missing(r, &missing, err)) < 0)
		return rc;
	if (missing <= 0)
		return 0;
	for (int64_t i = 0; i < MIN(missing, LAUNCHES_AT_ONCE); i++) {
		rc = intend(r, err);
		if (rc < 0)
			return rc;
	}
	rc = pool_round_load(r, err);
	return rc < 0 ? rc : settle_all(r, err);
}
