/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - launches missing hosts, and resolves launches whose outcome is unknown.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "flight.h"
#include "spot.h"
#include "text.h"
#include "trust.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#define LAUNCHES_AT_ONCE 32 /* per round; the rest follow in the next one */
#define NO_SPOT_MS 600000   /* real: regular hosts come in place of spot capacity */

static void count_mix(struct pool_round *r)
{
	r->n_regular = r->n_spot = 0;
	for (size_t i = 0; i < r->hosts.n; i++) {
		const struct db_host *h = &r->hosts.v[i];

		if (h->state > DB_HOST_UP)
			continue;
		r->n_spot += h->is_spot;
		r->n_regular += !h->is_spot;
	}
}

/* What the next host is; it is sent again as what it is recorded. */
static bool is_next_spot(struct pool_round *r)
{
	const struct driver *d = r->pool->driver;
	const bool is_spot = (d->ops->caps(d->drv)->flags & DRV_CAP_SPOT) &&
			     clock_mono_ms() >= r->pool->no_spot_mono_ms &&
			     spot_is_next(r->row.spot_share, r->row.spot_base,
					  r->n_regular, r->n_spot);

	r->n_spot += is_spot;
	r->n_regular += !is_spot;
	return is_spot;
}

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
		.is_spot = is_next_spot(r),
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

/* Lists have lacked its VM for as long as a cloud may hide one. */
static bool is_never_listed(struct pool_round *r, const char *launch_id)
{
	const struct driver *d = r->pool->driver;
	const struct missing *m = missing_note(&r->pool->missing, launch_id);

	return !r->is_short && m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= d->ops->caps(d->drv)->visible_ms;
}

/*
 * What a launch that failed came to. That one which was sent again had no effect, or was
 * refused, says nothing of the first: that one's VM may be there until lists have lacked
 * it for long enough, and one that may still appear counts. An answer that is nonsense
 * may be to a launch that was made.
 */
static enum db_launch_state outcome(struct pool_round *r, const struct flight_call *c)
{
	if (c->cls == DRV_AMBIGUOUS)
		return DB_LAUNCH_UNKNOWN;
	if (!c->is_again)
		return c->cls == DRV_BUG ? DB_LAUNCH_UNKNOWN : DB_LAUNCH_FAILED;
	/* It was there. */
	if (c->vm.state == DRV_VM_GONE)
		return DB_LAUNCH_FAILED;
	if (c->cls == DRV_TRANSIENT || c->cls == DRV_THROTTLED)
		return DB_LAUNCH_UNKNOWN;
	return is_never_listed(r, c->host->launch_id) ? DB_LAUNCH_LOST
						      : DB_LAUNCH_UNKNOWN;
}

static void tell_failed(struct pool_round *r, const struct flight_call *c,
			enum db_launch_state state)
{
	struct again *again = &r->pool->launch_failed;
	const struct db_host *h = c->host;
	char more[64] = "";

	if (!again_is_due(again, c->e.msg))
		return;
	if (again->untold)
		snprintf(more, sizeof(more), " (and %lld more times)",
			 (long long)again->untold);
	event_add(r->opts->events, "launch-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s: %s%s%s", h->id,
		  c->e.msg,
		  state != DB_LAUNCH_FAILED ? " (it may have been launched nevertheless)"
					    : "",
		  more);
}

static int note_done(struct pool_round *r, const struct flight_call *c, struct err *err)
{
	struct db_host *h = c->host;
	int rc;

	again_over(&r->pool->launch_failed);
	r->pool->launch_fails = false;
	h->state = DB_HOST_BOOTING;
	event_add(r->opts->events, "host-launched", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool),
		  "host %s was launched as VM %s", h->id, c->vm.id);
	rc = db_launch_set(r->opts->db, h->launch_id, DB_LAUNCH_DONE, c->vm.id, "",
			   r->now_ms, err);
	return rc < 0 ? rc
		      : db_host_set_type(r->opts->db, h->id, c->vm.type, c->vm.spot, err);
}

/*
 * Without capacity for what it asked for, another asks for something else: no failure of
 * the pool. Its own record is closed first, so that one wish never has two VMs.
 */
static int note_failed(struct pool_round *r, const struct flight_call *c, struct err *err)
{
	const enum db_launch_state state = outcome(r, c);
	struct db_host *h = c->host;
	struct err e2;
	int rc;

	if (c->cls == DRV_CAPACITY && h->is_spot)
		r->pool->no_spot_mono_ms = clock_mono_ms() + NO_SPOT_MS;
	if (state != DB_LAUNCH_UNKNOWN)
		h->state = DB_HOST_FAILED;
	if (state == DB_LAUNCH_FAILED)
		caps_give_back(r->caps, CAP_LAUNCH, h->id);
	if (state == DB_LAUNCH_LOST)
		missing_clear(&r->pool->missing, h->launch_id);
	r->pool->is_quota_refused |= c->cls == DRV_QUOTA;
	rc = db_launch_set(r->opts->db, h->launch_id, state, NULL, c->e.msg, r->now_ms,
			   err);
	tell_failed(r, c, state);
	if (rc == 0 && c->cls == DRV_CAPACITY && state == DB_LAUNCH_FAILED) {
		r->n_no_capacity++;
		r->pool->launch_fails = false;
		return 0;
	}
	return rc < 0 ? rc : pool_driver_err(r, &c->e, err ? err : &e2);
}

/* Records the outcome: done, failed, unknown or lost. */
static int note_answer(struct pool_round *r, const struct flight_call *c, struct err *err)
{
	/* Without spot capacity a regular host of the same type may be had. */
	const bool is_spots = c->cls == DRV_CAPACITY && c->host->is_spot;

	pool_asked(r, c->is_again ? NULL : &c->choice, is_spots ? 0 : c->cls, &c->e);
	r->changed = true;
	return c->cls == 0 ? note_done(r, c, err) : note_failed(r, c, err);
}

static int land(struct pool_round *r, struct flight *f, struct err *err)
{
	CLEANUP(flight_call_free) struct flight_call *c = flight_land(f);

	return note_answer(r, c, err);
}

/*
 * What it asks for, if its gate lets it pass. One that is sent again asks for what the
 * first did, and passes however its type does: it is to find out what became of that.
 */
static bool choose(struct pool_round *r, const struct db_launch *l, struct choice *ret)
{
	if (l->state == DB_LAUNCH_INTENDED)
		return pool_choose(r, ret);
	/* Sent by a version that did not record it. */
	*ret = choices_at(&r->pool->choices, 0);
	if (*l->type || *l->zone)
		*ret = (struct choice){ .type = l->type, .zone = l->zone };
	return pool_ask(r, GATE_CHANGE, NULL);
}

static int send_launch(struct pool_round *r, struct flight *f, const struct db_launch *l,
		       struct db_host *h, struct err *err)
{
	char token[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	CLEANUP(free) char *user_data = NULL;
	struct choice choice;
	int rc = flight_is_full(f) ? land(r, f, err) : 0;

	if (rc < 0)
		return rc;
	/* A repeated launch must be identical: the first call may have created the VM. */
	token_derive(r->opts->join_secret, h->launch_id, token);
	token_hash(token, hash);
	rc = db_host_set_token(r->opts->db, h->id, hash, err);
	/* It has joined in the meantime: the next list shows its VM. */
	if (rc == ERR_CONFLICT)
		return 0;
	if (rc == 0)
		rc = r->opts->user_data(r->opts->arg, &r->row, h, token, &user_data, err);
	if (rc < 0)
		return rc;
	/* It is sent later. */
	if (!choose(r, l, &choice)) {
		r->is_undecided = true;
		explicit_bzero(user_data, strlen(user_data));
		return 0;
	}
	/* Now, not when the round began: calls before this one take their time. */
	rc = db_launch_send(r->opts->db, h->launch_id, choice.type, choice.zone,
			    clock_now_ms(), err);
	if (rc == 0)
		flight_start(f, h, &choice, l->state != DB_LAUNCH_INTENDED,
			     TAKE(user_data));
	return rc;
}

/*
 * The call may have taken effect. If launches are idempotent, it is sent again; otherwise
 * it is given up when lists lack its VM for long enough; since it may appear later, it
 * counts against the maximum for the time to join.
 */
static int settle(struct pool_round *r, struct flight *f, struct db_launch *l,
		  struct db_host *h, struct err *err)
{
	if (l->state == DB_LAUNCH_INTENDED && !pool_has_choice(r)) {
		r->is_undecided = true;
		return 0;
	}
	if (l->state == DB_LAUNCH_INTENDED || pool_resends(r))
		return send_launch(r, f, l, h, err);
	if (!is_never_listed(r, l->launch_id)) {
		r->is_undecided = true;
		return 0;
	}
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

static int settle_each(struct pool_round *r, struct flight *f, struct err *err)
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
		rc = settle(r, f, &r->open.v[i], h, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* After a failure no other call is made, but all that were are recorded. */
static int settle_all(struct pool_round *r, struct err *err)
{
	struct flight f;
	int rc;

	flight_init(&f, r);
	rc = settle_each(r, &f, err);
	while (f.n > 0) {
		const int one = land(r, &f, rc < 0 ? NULL : err);

		rc = rc < 0 ? rc : one;
	}
	flight_done(&f);
	return rc;
}

static int launch_some(struct pool_round *r, int64_t n, struct err *err)
{
	struct cap_limits limits;
	bool may = true;
	int rc = pool_launch_limits(r, &limits, err);

	count_mix(r);
	for (int64_t i = 0; rc == 0 && may && i < MIN(n, LAUNCHES_AT_ONCE); i++)
		rc = intend(r, &limits, &may, err);
	if (n > LAUNCHES_AT_ONCE && may)
		pool_look_again(r, 1);
	if (rc == 0)
		rc = pool_round_load(r, err);
	return rc < 0 ? rc : settle_all(r, err);
}

/* Until what one lacks capacity for no other has it either. */
static int launch_missing(struct pool_round *r, struct err *err)
{
	const size_t most = choices_n(&r->pool->choices) + (r->row.spot_share > 0);
	int64_t n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < most && (i == 0 || r->n_no_capacity); i++) {
		r->n_no_capacity = 0;
		rc = pool_count_missing(r, &n, err);
		if (rc < 0 || n <= 0)
			break;
		if (!pool_has_choice(r)) {
			r->is_held = true;
			return 0;
		}
		rc = launch_some(r, n, err);
	}
	if (rc == 0 && n <= 0)
		pool_problem_clear(&r->pool->problems, POOL_LAUNCHES);
	/* The last may have lacked it too. */
	if (rc == 0)
		(void)pool_has_choice(r);
	return rc;
}

int pool_launch(struct pool_round *r, struct err *err)
{
	int rc = settle_all(r, err);

	return rc < 0 || is_quiet(r) ? rc : launch_missing(r, err);
}
