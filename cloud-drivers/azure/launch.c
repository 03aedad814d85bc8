/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one VM, at most once: a group has no two VMs of one name, and one that there
 * is already is neither made again nor changed.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "machine.h"
#include "text.h"

static bool is_of(const struct drv_vm *vm, const struct drv_launch *l)
{
	return *vm->id && strcmp(vm->launch_id, l->launch_id) == 0 &&
	       strcmp(vm->owner, l->owner) == 0;
}

/*
 * The VM that has the name; CONFLICT when it is of another launch, TRANSIENT when there
 * is none; AMBIGUOUS when it cannot be seen whose it is. err is of the launch that was
 * refused.
 */
static int get_earlier(struct drv *d, const struct drv_launch *l, int64_t deadline,
		       struct drv_vm *ret, struct drv_err *err)
{
	struct drv_err e;
	struct drv_vm vm;
	int rc = azure_machine_get(d, l->name, deadline, &vm, &e);

	/* It went in between, or another thing is being changed: nothing was launched. */
	if (rc == DRV_NOTFOUND)
		return err->cls = DRV_TRANSIENT;
	if (rc < 0) {
		*err = e;
		return err->cls = DRV_AMBIGUOUS;
	}
	if (!is_of(&vm, l))
		return drv_fail(err, DRV_CONFLICT,
				"the group has a VM named %s already, which is not of "
				"this launch",
				l->name);
	*ret = vm;
	return 0;
}

/* What could not be made stays, with its name and its parts, until it is deleted. */
static void clear(struct drv *d, const char *path, int64_t deadline)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct drv_err ignored; /* lists show it, as failed */

	(void)azure_call(d, "DELETE", path, NULL, deadline, &a, &ignored);
}

int azure_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
		 struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *path = NULL;
	struct drv_vm vm;
	int rc = azure_request(d, l, &body, err);

	if (rc < 0)
		return rc;
	path = azure_vm_path(d, l->name, "?");
	rc = azure_put(d, path, "If-None-Match: *", body, deadline, &a, err);
	if (rc == DRV_CONFLICT)
		return get_earlier(d, l, deadline, ret, err);
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	if (rc < 0)
		return rc;
	azure_machine_read(a.doc, &vm);
	if (!is_of(&vm, l))
		return drv_fail(err, DRV_AMBIGUOUS,
				"PUT %s: the answer is not of this launch", l->name);
	rc = azure_wait(d, &a, deadline, err);
	if (rc < 0) {
		clear(d, path, deadline);
		return rc;
	}
	*ret = vm;
	return 0;
}
