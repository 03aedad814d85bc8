/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One VM by its id: its end, and what its console shows. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

#define CONSOLE_BYTES 65536

static int bad_id(const char *vm_id, struct drv_err *err)
{
	return drv_fail(err, DRV_BADREQ, "'%s' is not the id of a VM, ZONE/NAME", vm_id);
}

/* NOTFOUND when there is none. */
static int check_owner(struct drv *d, const char *path, const char *owner,
		       int64_t deadline, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct drv_vm vm;
	int rc = gce_call(d, "GET", path, NULL, deadline, &a, err);

	if (rc < 0)
		return rc;
	gce_instance_read(a.doc, &vm);
	if (strcmp(vm.owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"VM %s has not this installation's label: it %s%s",
				gce_base_name(path),
				*vm.owner ? "belongs to " : "is somebody else's",
				vm.owner);
	return 0;
}

int gce_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		  struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = gce_id_path(vm_id);
	int rc;

	if (!path)
		return bad_id(vm_id, err);
	rc = check_owner(d, path, owner, deadline, err);
	if (rc == 0)
		rc = gce_call(d, "DELETE", path, NULL, deadline, &a, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}

int gce_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
		void *arg, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = gce_id_path(vm_id);
	CLEANUP(free) char *port = NULL;
	const char *output;
	int rc;

	if (!path)
		return bad_id(vm_id, err);
	/* Below zero it counts from the end. */
	port = xasprintf("%s/serialPort?port=1&start=-%d", path, CONSOLE_BYTES);
	rc = gce_call(d, "GET", port, NULL, deadline, &a, err);
	if (rc < 0)
		return rc;
	output = rest_text(a.doc, "contents");
	text(arg, output, strlen(output));
	return 0;
}
