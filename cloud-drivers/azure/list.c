/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - every VM of the group with the owner's tag. The cloud does not filter by it.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "machine.h"

struct listing {
	struct drv *d;
	const char *owner;
	int64_t deadline;
	drv_vm_fn *each;
	void *arg;
	struct rest_pages ids;
};

static int give(void *arg, const json_t *item, struct drv_err *err)
{
	struct listing *l = arg;
	struct drv_vm vm;
	int rc = 0;

	azure_machine_read(item, &vm);
	if (strcmp(vm.owner, l->owner) != 0 || !*vm.id ||
	    !rest_pages_is_new(&l->ids, vm.id))
		return 0;
	if (vm.state == DRV_VM_FAILED)
		rc = azure_machine_get(l->d, vm.id, l->deadline, &vm, err);
	if (rc == 0)
		l->each(l->arg, &vm);
	return rc == DRV_NOTFOUND ? 0 : rc; /* it has just gone */
}

int azure_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	       void *arg, struct drv_err *err)
{
	struct listing l = {
		.d = d, .owner = owner, .deadline = deadline, .each = each, .arg = arg
	};
	CLEANUP(free) char *path = azure_list_path(d);
	int rc;

	if (!drv_is_word(owner))
		return drv_fail(err, DRV_BADREQ, "'%s' is not an owner", owner);
	rc = azure_each(d, path, deadline, give, &l, err);
	rest_pages_done(&l.ids);
	return rc;
}
