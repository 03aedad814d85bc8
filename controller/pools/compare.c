/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <string.h>

#define LISTS_UNTIL_GONE 2

const struct sighting *pool_sight(struct pool *p, const char *what)
{
	struct sighting *s;

	for (size_t i = 0; i < p->n_sightings; i++) {
		s = &p->sightings[i];
		if (strcmp(s->what, what) != 0)
			continue;
		s->count += s->list != p->lists;
		s->list = p->lists;
		return s;
	}
	p->sightings =
		xrealloc(p->sightings, (p->n_sightings + 1) * sizeof(*p->sightings));
	s = &p->sightings[p->n_sightings++];
	*s = (struct sighting){
		.count = 1,
		.first_mono_ms = clock_mono_ms(),
		.list = p->lists,
	};
	snprintf(s->what, sizeof(s->what), "%s", what);
	return s;
}

void pool_unsight(struct pool *p, const char *what)
{
	for (size_t i = 0; i < p->n_sightings; i++)
		if (strcmp(p->sightings[i].what, what) == 0)
			p->sightings[i--] = p->sightings[--p->n_sightings];
}

/* What the list before this one did not show was not seen in a row. */
static void begin_list(struct pool *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_sightings; i++)
		if (p->sightings[i].list == p->lists)
			p->sightings[kept++] = p->sightings[i];
	p->n_sightings = kept;
	p->lists++;
}

/* ---------------------------------------------------------------- listing */

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
	begin_list(r->pool);
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

bool pool_resends(const struct pool_round *r)
{
	const struct driver *d = r->pool->driver;

	return (d->ops->caps(d->drv)->flags &
		(DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_UNIQUE_NAME)) != 0;
}

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

static int gone_host(struct pool_round *r, struct db_host *h, const char *why,
		     struct err *err)
{
	bool expected = h->state == DB_HOST_TERMINATING;
	int rc = db_host_gone(r->opts->db, h->id, why, r->now_ms, err);

	if (rc < 0)
		return rc;
	h->state = DB_HOST_GONE;
	r->changed = true;
	pool_unsight(r->pool, h->id);
	event_add(r->opts->events, "host-gone", expected ? DB_LEVEL_INFO : DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s is gone: %s",
		  h->id, why);
	return 0;
}

/* The answer to its launch was lost, and here it is; its agent may even have joined. */
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

/* A launch that was broken off in the middle: sending it again finishes or renews it. */
static bool is_half_made(const struct pool_round *r, const struct db_host *h,
			 const struct drv_vm *vm)
{
	return h->state == DB_HOST_REQUESTED && !*h->vm_id &&
	       vm->state == DRV_VM_FAILED && pool_resends(r);
}

static int host_is_listed(struct pool_round *r, struct db_host *h,
			  const struct drv_vm *vm, struct err *err)
{
	int rc;

	pool_unsight(r->pool, h->id);
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
	const struct sighting *s;

	/* Not launched yet, or its launch may still show up: pool_launch() sees to it. */
	if (h->state == DB_HOST_REQUESTED)
		return 0;
	s = pool_sight(r->pool, h->id);
	if (s->count < LISTS_UNTIL_GONE ||
	    clock_mono_ms() - s->first_mono_ms < caps->visible_ms)
		return 0;
	return gone_host(
		r, h, h->state == DB_HOST_TERMINATING ? "terminated" : POOL_WHY_VANISHED,
		err);
}

/* An empty list where there were several hosts is more likely the cloud's mistake. */
static bool is_suspicious(struct pool_round *r)
{
	size_t expected = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		expected += r->hosts.v[i].state == DB_HOST_UP ||
			    r->hosts.v[i].state == DB_HOST_DRAINING;
	if (r->n_vms > 0 || expected < 2) {
		pool_unsight(r->pool, "(empty list)");
		return false;
	}
	return pool_sight(r->pool, "(empty list)")->count < 3 * LISTS_UNTIL_GONE;
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

/* ---------------------------------------------------------------- orphans */

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
		.message = (char *)(uintptr_t) "its VM belonged to no host",
	};
	int rc = db_host_put(r->opts->db, &h, err);

	if (rc < 0)
		return rc;
	r->changed = true;
	pool_unsight(r->pool, vm->id);
	event_add(r->opts->events, "orphan-found", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = id, .pool = r->row.name),
		  "VM %s carries our tag and belongs to no host: as host %s it is "
		  "terminated",
		  vm->id, id);
	return 0;
}

static int64_t grace_ms(const struct pool_round *r)
{
	return r->opts->orphan_grace_ms ? r->opts->orphan_grace_ms : POOL_ORPHAN_GRACE_MS;
}

/* A VM of ours that no live record wants: what a lost answer or an old life left. */
static int sweep_orphans(struct pool_round *r, struct err *err)
{
	for (size_t i = 0; i < r->n_vms; i++) {
		const struct drv_vm *vm = &r->vms[i];
		int rc;

		if (vm->state == DRV_VM_GONE || is_known(r, vm) || !is_ours_to_end(r, vm))
			continue;
		if (clock_mono_ms() - pool_sight(r->pool, vm->id)->first_mono_ms <
		    grace_ms(r))
			continue;
		rc = adopt_orphan(r, vm, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- the end of a pool */

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
	const struct sighting *s;

	if (r->row.max > 0 || r->hosts.n > 0 || has_vm(r)) {
		pool_unsight(r->pool, "(nothing)");
		return false;
	}
	/* A launch whose answer was lost may still show up. */
	s = pool_sight(r->pool, "(nothing)");
	return s->count >= LISTS_UNTIL_GONE &&
	       clock_mono_ms() - s->first_mono_ms >= MAX(caps->visible_ms, grace_ms(r));
}

int pool_compare(struct pool_round *r, struct err *err)
{
	int rc = list_vms(r, err);

	if (rc < 0)
		return rc;
	if (is_suspicious(r))
		return err_set(
			err, ERR_PROTO,
			"the cloud listed no VM where there were several; waiting for "
			"it to say so again");
	rc = compare_hosts(r, err);
	return rc < 0 ? rc : sweep_orphans(r, err);
}
