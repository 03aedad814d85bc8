/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.c - no VM runs unseen: a VM without a host record is terminated, and a pool is
 * forgotten only when its cloud lists no more of its VMs.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <string.h>

#define ORPHAN_GRACE_MS 60000

static bool is_known(const struct pool_round *r, const struct drv_vm *vm)
{
	for (size_t i = 0; i < r->hosts.n; i++)
		if (strcmp(r->hosts.v[i].launch_id, vm->launch_id) == 0 &&
		    r->hosts.v[i].state != DB_HOST_GONE)
			return true;
	return false;
}

/* Also a VM of a pool that no longer exists. */
static bool is_ours_to_end(struct pool_round *r, const struct drv_vm *vm)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	return strcmp(vm->pool, r->row.name) == 0 ||
	       db_pool_get(r->opts->db, vm->pool, &p, NULL) == ERR_NOT_FOUND;
}

/* It becomes a host that is terminated: operators see it, and it ends like any other. */
static int adopt_orphan(struct pool_round *r, const struct drv_vm *vm, struct err *err)
{
	CLEANUP(free) char *id = xasprintf("%s-%.8s", r->row.name, vm->launch_id);
	const struct db_host h = {
		.id = id,
		.pool = r->row.name,
		.launch_id = (char *)(uintptr_t)vm->launch_id,
		.vm_id = (char *)(uintptr_t)vm->id,
		.state = DB_HOST_TERMINATING,
		.requested_ms = r->now_ms,
		.message = (char *)(uintptr_t) "its VM belonged to no known host",
	};
	int rc = db_host_put(r->opts->db, &h, err);

	if (rc < 0)
		return rc;
	r->changed = true;
	missing_clear(&r->pool->missing, vm->id);
	event_add(r->opts->events, "orphan-found", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = id, .pool = r->row.name),
		  "VM %s carries our tag but belongs to no known host: terminating it as "
		  "host %s",
		  vm->id, id);
	return 0;
}

static int64_t grace_ms(const struct pool_round *r)
{
	return r->opts->orphan_grace_ms ? r->opts->orphan_grace_ms : ORPHAN_GRACE_MS;
}

/* VMs without a live record, left by a lost answer or a previous run. */
int pool_sweep_orphans(struct pool_round *r, struct err *err)
{
	for (size_t i = 0; i < r->n_vms; i++) {
		const struct drv_vm *vm = &r->vms[i];
		int rc;

		if (vm->state == DRV_VM_GONE || is_known(r, vm) || !is_ours_to_end(r, vm))
			continue;
		if (clock_mono_ms() -
			    missing_note(&r->pool->missing, vm->id)->first_mono_ms <
		    grace_ms(r))
			continue;
		rc = adopt_orphan(r, vm, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool has_vm(const struct pool_round *r)
{
	for (size_t i = 0; i < r->n_vms; i++)
		if (strcmp(r->vms[i].pool, r->row.name) == 0 &&
		    r->vms[i].state != DRV_VM_GONE)
			return true;
	return false;
}

bool pool_is_empty(struct pool_round *r)
{
	const struct drv_caps *caps = r->pool->driver->ops->caps(r->pool->driver->drv);
	const struct missing *m;

	if (r->row.max > 0 || r->hosts.n > 0 || has_vm(r)) {
		missing_clear(&r->pool->missing, "(nothing)");
		return false;
	}
	/* The VM of a launch whose answer was lost may still appear. */
	m = missing_note(&r->pool->missing, "(nothing)");
	return m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= MAX(caps->visible_ms, grace_ms(r));
}
