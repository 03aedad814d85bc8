/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - brings host records and journal in line with the cloud's list.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "unicast.h"

#include <stdlib.h>
#include <string.h>

#define UNLISTED_MS 10000
/* Real: the next list, when a host's VM is missing, which the lease outlives for a while.
 */
#define AGAIN_MISSING_MS 1000
#define AGAIN_OUTVOTED_MS 3000

static void keep_vm(void *arg, const struct drv_vm *vm)
{
	struct pool_round *r = arg;

	r->vms = xrealloc(r->vms, (r->n_vms + 1) * sizeof(*r->vms));
	r->vms[r->n_vms++] = *vm;
}

static int vm_order(const void *a, const void *b)
{
	return strcmp(((const struct drv_vm *)a)->launch_id,
		      ((const struct drv_vm *)b)->launch_id);
}

static int list_vms(struct pool_round *r, struct err *err)
{
	const struct driver *d = r->pool->driver;
	struct drv_err e;
	int cls;

	if (!pool_ask(r, GATE_LOOK, NULL))
		return pool_unasked(r, err);
	cls = d->ops->list(d->drv, r->opts->owner, pool_call_deadline(r->opts), keep_vm,
			   r, &e);
	pool_asked(r, NULL, cls, &e);
	if (cls < 0)
		return pool_driver_err(r, &e, err);
	if (r->n_vms)
		qsort(r->vms, r->n_vms, sizeof(*r->vms), vm_order);
	missing_next_list(&r->pool->missing);
	return 0;
}

/* ---------------------------------------------------------------- hosts */

static int note_host_gone(struct pool_round *r, struct db_host *h, const char *why,
			  struct err *err)
{
	bool expected = h->state == DB_HOST_TERMINATING;
	int rc = db_host_gone(r->opts->db, h->id, why, r->now_ms, err);

	if (rc < 0)
		return rc;
	h->state = DB_HOST_GONE;
	r->changed = true;
	missing_clear(&r->pool->missing, h->id);
	event_add(r->opts->events, "host-gone", expected ? DB_LEVEL_INFO : DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s is gone: %s",
		  h->id, why);
	return 0;
}

/*
 * The answer to its launch was lost, but its VM is listed; its agent may even have
 * joined.
 */
static int adopt_vm(struct pool_round *r, struct db_host *h, const struct drv_vm *vm,
		    struct err *err)
{
	int rc = db_launch_set(r->opts->db, h->launch_id, DB_LAUNCH_DONE, vm->id, NULL,
			       r->now_ms, err);

	if (rc < 0)
		return rc;
	free(h->vm_id);
	h->vm_id = xstrdup(vm->id);
	h->state = MAX(h->state, DB_HOST_BOOTING);
	r->changed = true;
	return 0;
}

/*
 * A launch that was interrupted: sending it again completes or repeats it. Its VM may be
 * stopping: the list of another pool of that cloud, at the same time, cleans it up.
 */
static bool is_half_made(const struct pool_round *r, const struct db_host *h,
			 const struct drv_vm *vm)
{
	return h->state == DB_HOST_REQUESTED && !*h->vm_id && pool_resends(r) &&
	       (vm->state == DRV_VM_FAILED || vm->state == DRV_VM_STOPPING);
}

static int note_listed(struct pool_round *r, struct db_host *h, const struct drv_vm *vm,
		       struct err *err)
{
	missing_clear(&r->pool->missing, h->id);
	if (h->listed_ms)
		return 0;
	h->listed_ms = r->now_ms;
	return db_host_listed(r->opts->db, h->id, vm->type, vm->spot, r->now_ms, err);
}

/* Its machine is told by it when it asks which host it is. One that another host has is
 * not believed. */
static int note_address(struct pool_round *r, struct db_host *h, const struct drv_vm *vm,
			struct err *err)
{
	const struct driver *d = r->pool->driver;
	int rc;

	if (!(d->ops->caps(d->drv)->flags & DRV_CAP_STANDBY) || h->joined_ms ||
	    !is_unicast(vm->address) || strcmp(h->address, vm->address) == 0)
		return 0;
	rc = db_host_move(r->opts->db, h->id, vm->address, err);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int host_is_listed(struct pool_round *r, struct db_host *h,
			  const struct drv_vm *vm, struct err *err)
{
	int rc = note_listed(r, h, vm, err);

	if (rc == 0)
		rc = note_address(r, h, vm, err);
	if (rc < 0 || is_half_made(r, h, vm))
		return rc;
	rc = *h->vm_id ? 0 : adopt_vm(r, h, vm, err);
	if (rc < 0 || h->state == DB_HOST_TERMINATING)
		return rc;
	if (vm->state == DRV_VM_FAILED || vm->state == DRV_VM_STOPPING ||
	    vm->state == DRV_VM_GONE)
		return pool_vm_stopped(r, h, vm, err);
	return h->state <= DB_HOST_UP && !h->ready_ms
		       ? pool_await(r, h, "its agent did not join in time", err)
		       : 0;
}

/* By enough lists in a row, and for long enough. */
static bool is_confirmed(struct pool_round *r, const char *what, int64_t least_ms)
{
	const struct drv_caps *caps = r->pool->driver->ops->caps(r->pool->driver->drv);
	const struct missing *m = missing_note(&r->pool->missing, what);

	return m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= MAX(caps->visible_ms, least_ms);
}

/*
 * The cloud said that there is its VM, so it counts, whatever the lists show, until its
 * agent joins or it is terminated by its id.
 */
static int launched_is_missing(struct pool_round *r, struct db_host *h, struct err *err)
{
	int rc = pool_await(
		r, h, "no list showed its VM, and its agent did not join in time", err);

	if (rc < 0 || h->state == DB_HOST_TERMINATING)
		return rc;
	if (!h->listed_ms) {
		r->n_unlisted += is_confirmed(r, h->id,
					      r->opts->unlisted_ms ? r->opts->unlisted_ms
								   : UNLISTED_MS);
		return 0;
	}
	if (r->is_short || pool_listen(r, h->id) != POOL_SILENT ||
	    !is_confirmed(r, h->id, 0))
		return 0;
	return pool_host_failed(r, h, "its VM is listed no more, before it joined", err);
}

static int host_is_missing(struct pool_round *r, struct db_host *h, struct err *err)
{
	const bool ends = h->state == DB_HOST_TERMINATING;

	/* Not launched yet, or its VM may still appear: left to pool_launch(). One that
	 * no list ever showed is left to pool_terminate(). */
	if (h->state == DB_HOST_REQUESTED || (ends && !h->listed_ms))
		return 0;
	if (!ends && !pool_has_joined(h))
		return launched_is_missing(r, h, err);
	if (!ends && pool_listen(r, h->id) != POOL_SILENT) {
		missing_clear(&r->pool->missing, h->id);
		pool_look_again(r, AGAIN_OUTVOTED_MS);
		return 0;
	}
	pool_look_again(r, AGAIN_MISSING_MS);
	if (r->is_short || !is_confirmed(r, h->id, 0))
		return 0;
	return note_host_gone(r, h, ends ? "terminated" : POOL_WHY_VANISHED, err);
}

/* ---------------------------------------------------------------- doubted lists */

/* Whether the host's agent is at work. */
static bool is_living(const struct pool_round *r, const struct db_host *h)
{
	return (h->state == DB_HOST_UP || h->state == DB_HOST_DRAINING) &&
	       pool_has_joined(h) && pool_listen(r, h->id) == POOL_HEARD;
}

static void tell_doubt(struct pool_round *r, size_t living, size_t lacking,
		       const char *one)
{
	struct pool_problems *p = &r->pool->problems;

	const bool most = r->is_short && living > 1;

	if (!most)
		pool_problem_clear(p, POOL_LIST_SHORT);
	if (most || !lacking)
		pool_problem_clear(p, POOL_OUTVOTED);
	if (most)
		pool_problem_set(p, POOL_LIST_SHORT, r->row.name,
				 "the cloud's list lacks %zu of %zu hosts whose agents "
				 "are at work; it is not believed, and no host is given "
				 "up for it; look at region, account and permissions of "
				 "the pool's profile",
				 lacking, living);
	else if (lacking)
		pool_problem_set(p, POOL_OUTVOTED, r->row.name,
				 "the cloud's list lacks %zu hosts whose agents are at "
				 "work (one is %s); they are kept",
				 lacking, one);
}

/* A list that lacks most of the hosts that live is wrong. */
static void find_doubt(struct pool_round *r)
{
	size_t living = 0, lacking = 0;
	const char *one = "";

	for (size_t i = 0; i < r->hosts.n; i++) {
		const struct db_host *h = &r->hosts.v[i];

		if (!is_living(r, h))
			continue;
		living++;
		if (pool_vm_of(r, h->launch_id))
			continue;
		lacking++;
		one = h->id;
	}
	r->is_short = lacking * 2 > living;
	tell_doubt(r, living, lacking, one);
}

/* An empty list in place of several hosts is more likely an error of the cloud. */
static bool is_suspicious(struct pool_round *r)
{
	size_t expected = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		expected += r->hosts.v[i].state == DB_HOST_UP ||
			    r->hosts.v[i].state == DB_HOST_DRAINING;
	if (r->n_vms > 0 || expected < 2 || r->is_short) {
		missing_clear(&r->pool->missing, "(empty list)");
		return false;
	}
	return missing_note(&r->pool->missing, "(empty list)")->count <
	       3 * POOL_LISTS_UNTIL_GONE;
}

static int compare_hosts(struct pool_round *r, struct err *err)
{
	for (size_t i = 0; i < r->hosts.n; i++) {
		struct db_host *h = &r->hosts.v[i];
		const struct drv_vm *vm = pool_vm_of(r, h->launch_id);
		int rc;

		if (h->ready_ms)
			pool_host_joined(r, h);
		rc = vm ? host_is_listed(r, h, vm, err) : host_is_missing(r, h, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void tell_cut(struct pool_round *r)
{
	if (r->n_cut)
		pool_problem_set(
			&r->pool->problems, POOL_CUT, r->row.name,
			"%lld hosts have joined and are heard, but never reached "
			"the store (one is %s): they serve nothing; look at "
			"their way to the store",
			(long long)r->n_cut, r->cut);
	else
		pool_problem_clear(&r->pool->problems, POOL_CUT);
}

int pool_compare(struct pool_round *r, struct err *err)
{
	int rc = list_vms(r, err);

	if (rc < 0)
		return rc;
	pool_recall_unjoined(r);
	find_doubt(r);
	if (is_suspicious(r))
		return err_set(err, ERR_PROTO,
			       "the cloud listed no VM where there were several; waiting "
			       "for further lists to confirm it");
	rc = compare_hosts(r, err);
	tell_cut(r);
	pool_tell_stopped(r);
	ages_sweep(&r->pool->waits);
	return rc;
}
