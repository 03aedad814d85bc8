/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One VM's end, which takes its disk, its interface and its address with it. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "machine.h"

int azure_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		    struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = NULL;
	struct drv_vm vm;
	int rc;

	if (!azure_is_id(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not the name of a VM", vm_id);
	rc = azure_machine_get(d, vm_id, deadline, &vm, err);
	if (rc < 0)
		return rc == DRV_NOTFOUND ? 0 : rc;
	if (strcmp(vm.owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"VM %s has not this installation's tag: it %s%s", vm_id,
				*vm.owner ? "belongs to " : "is somebody else's",
				vm.owner);
	path = azure_vm_path(d, vm_id, "?");
	rc = azure_call(d, "DELETE", path, NULL, deadline, &a, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}
