/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of VMs, with the faults that lists have. */
#include "operations.h"

#include "call.h"
#include "check.h"
#include "driver_util.h"

#include <fnmatch.h>

static bool is_victim(const struct fault *f, const json_t *vm)
{
	const char *name = json_string_value(json_object_get(vm, "name"));

	if (cloud_is_gone(vm))
		return false;
	return *f->vm ? name && fnmatch(f->vm, name, 0) == 0
		      : json_is_true(json_object_get(vm, "spot"));
}

/* Reclaims VMs, as clouds do with spot VMs. With a glob, all that match. */
static void take_vms(struct call *c)
{
	int64_t left = c->fault.n;
	size_t i;
	json_t *vm;

	if (c->fault.kind != FAULT_KILL)
		return;
	json_array_foreach(cloud_vms(&c->cloud), i, vm)
	{
		if (!is_victim(&c->fault, vm) || (!*c->fault.vm && left-- <= 0))
			continue;
		cloud_remove(&c->cloud, vm, c->now_ms);
	}
}

static bool is_listed(const struct call *c, const json_t *vm)
{
	int64_t gone_ms = cloud_time(vm, "gone_ms");

	if (c->fault.kind == FAULT_EMPTY)
		return false;
	if (gone_ms)
		return c->fault.kind == FAULT_GHOST ||
		       c->now_ms < gone_ms + c->script.linger_ms;
	return c->now_ms >= cloud_time(vm, "created_ms") + c->script.hide_ms;
}

static size_t count_listed(const struct call *c, const char *owner)
{
	size_t n = 0, i;
	json_t *vm;

	json_array_foreach(cloud_vms(&c->cloud), i, vm) n +=
		cloud_is_of(vm, owner) && is_listed(c, vm);
	return n;
}

static void hand_out(const struct call *c, const char *owner, drv_vm_fn *each, void *arg)
{
	size_t left = count_listed(c, owner), i;
	json_t *vm;

	if (c->fault.kind == FAULT_PARTIAL)
		left /= 2;
	else if (c->fault.kind == FAULT_OMIT)
		left -= MIN(left, (size_t)MAX(c->fault.n, 0));
	json_array_foreach(cloud_vms(&c->cloud), i, vm)
	{
		struct drv_vm out;

		if (!cloud_is_of(vm, owner) || !is_listed(c, vm) || left == 0)
			continue;
		left--;
		cloud_fill_vm(&out, vm, c->now_ms);
		if (c->fault.kind == FAULT_GHOST && out.state == DRV_VM_GONE)
			out.state = DRV_VM_RUNNING;
		each(arg, &out);
	}
}

int fake_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	      void *arg, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "list", NULL, deadline, &c, err);

	if (rc < 0)
		return rc;
	take_vms(&c);
	hand_out(&c, owner, each, arg);
	return call_answer(d, &c, deadline, err);
}
