/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.c - no VM runs unseen: one without a record of its host is terminated, and a
 * pool ends only when its cloud lists none of its VMs any more.
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

/* One of a pool that is in no stack any more is as good as this pool's. */
static bool is_ours_to_end(struct pool_round *r, const struct drv_vm *vm)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	return strcmp(vm->pool, r->row.name) == 0 ||
	       db_pool_get(r->opts->db, vm->pool, &p, NULL) == ERR_NOT_FOUND;
}

/* From now on it is a host that is to go: seen by people, and ended as any other. */
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

/* A VM of ours that no live record wants: what a lost answer or an old life left. */
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
	/* A launch whose answer was lost may still show up. */
	m = missing_note(&r->pool->missing, "(nothing)");
	return m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= MAX(caps->visible_ms, grace_ms(r));
}
