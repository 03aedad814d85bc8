/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - brings host records and journal in line with the cloud's list.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <string.h>

static void keep_vm(void *arg, const struct drv_vm *vm)
{
	struct pool_round *r = arg;

	r->vms = xrealloc(r->vms, (r->n_vms + 1) * sizeof(*r->vms));
	r->vms[r->n_vms++] = *vm;
}

static int list_vms(struct pool_round *r, struct err *err)
{
	const struct driver *d = r->pool->driver;
	struct drv_err e;

	if (d->ops->list(d->drv, r->opts->owner, clock_mono_ms() + POOL_CALL_TIMEOUT_MS,
			 keep_vm, r, &e) < 0)
		return pool_driver_err(r, &e, err);
	missing_next_list(&r->pool->missing);
	return 0;
}

static const struct drv_vm *vm_of(const struct pool_round *r, const char *launch_id)
{
	for (size_t i = 0; i < r->n_vms; i++)
		if (strcmp(r->vms[i].launch_id, launch_id) == 0)
			return &r->vms[i];
	return NULL;
}

/* ---------------------------------------------------------------- hosts */

static int fail_host(struct pool_round *r, struct db_host *h, const char *why,
		     struct err *err)
{
	int rc = db_host_set_state(r->opts->db, h->id, DB_HOST_TERMINATING, why,
				   r->now_ms, err);

	if (rc < 0)
		return rc;
	h->state = DB_HOST_TERMINATING;
	r->changed = true;
	event_add(r->opts->events, "host-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s failed: %s",
		  h->id, why);
	return 0;
}

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

static int host_is_listed(struct pool_round *r, struct db_host *h,
			  const struct drv_vm *vm, struct err *err)
{
	int rc;

	missing_clear(&r->pool->missing, h->id);
	if (is_half_made(r, h, vm))
		return 0;
	rc = *h->vm_id ? 0 : adopt_vm(r, h, vm, err);
	if (rc < 0 || h->state == DB_HOST_TERMINATING)
		return rc;
	if (vm->state == DRV_VM_FAILED || vm->state == DRV_VM_STOPPING ||
	    vm->state == DRV_VM_GONE)
		return fail_host(r, h, *vm->message ? vm->message : "its VM has stopped",
				 err);
	if (h->state <= DB_HOST_UP && !h->ready_ms &&
	    r->now_ms - h->requested_ms > r->opts->join_timeout_ms)
		return fail_host(r, h, "its agent did not join in time", err);
	return 0;
}

static int host_is_missing(struct pool_round *r, struct db_host *h, struct err *err)
{
	const struct drv_caps *caps = r->pool->driver->ops->caps(r->pool->driver->drv);
	const struct missing *m;

	/* Not launched yet, or its VM may still appear: left to pool_launch(). */
	if (h->state == DB_HOST_REQUESTED)
		return 0;
	m = missing_note(&r->pool->missing, h->id);
	if (m->count < POOL_LISTS_UNTIL_GONE ||
	    clock_mono_ms() - m->first_mono_ms < caps->visible_ms)
		return 0;
	return note_host_gone(
		r, h, h->state == DB_HOST_TERMINATING ? "terminated" : POOL_WHY_VANISHED,
		err);
}

/* An empty list in place of several hosts is more likely an error of the cloud. */
static bool is_suspicious(struct pool_round *r)
{
	size_t expected = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		expected += r->hosts.v[i].state == DB_HOST_UP ||
			    r->hosts.v[i].state == DB_HOST_DRAINING;
	if (r->n_vms > 0 || expected < 2) {
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
		const struct drv_vm *vm = vm_of(r, h->launch_id);
		int rc = vm ? host_is_listed(r, h, vm, err) : host_is_missing(r, h, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int pool_compare(struct pool_round *r, struct err *err)
{
	int rc = list_vms(r, err);

	if (rc < 0)
		return rc;
	if (is_suspicious(r))
		return err_set(err, ERR_PROTO,
			       "the cloud listed no VM where there were several; waiting "
			       "for further lists to confirm it");
	return compare_hosts(r, err);
}
