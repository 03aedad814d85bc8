/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instance by its id: its end, and what its console shows. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

#include <string.h>

static int call_of(struct drv *d, struct ec2_call *c, const char *id_name,
		   const char *vm_id, struct rest_answer *ret, const json_t **ret_doc,
		   struct drv_err *err)
{
	CLEANUP(buf_done) struct buf form = { .data = NULL };

	if (!ec2_is_instance_id(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not an instance's id", vm_id);
	ec2_form(&form, c->action);
	ec2_add(&form, vm_id, "%s", id_name);
	c->form = buf_str(&form);
	return ec2_call(d, c, ret, ret_doc, err);
}

/* NOTFOUND when there is none. */
static int look_at(struct drv *d, const char *vm_id, int64_t deadline, struct drv_vm *ret,
		   struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct ec2_call c = { .action = "DescribeInstances",
			      .only_reads = true,
			      .deadline = deadline };
	const json_t *doc = NULL;
	int rc = call_of(d, &c, "InstanceId.1", vm_id, &a, &doc, err);

	if (rc < 0)
		return rc;
	(void)ec2_each_instance(doc, ec2_keep_instance, ret);
	if (strcmp(ret->id, vm_id) != 0)
		return drv_fail(err, DRV_TRANSIENT,
				"DescribeInstances: the answer says nothing of %s",
				vm_id);
	return 0;
}

int ec2_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		  struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct ec2_call c = { .action = "TerminateInstances", .deadline = deadline };
	struct drv_vm vm = { .id = "" };
	const json_t *doc = NULL;
	int rc = look_at(d, vm_id, deadline, &vm, err);

	if (rc == 0 && vm.state == DRV_VM_GONE)
		return 0;
	if (rc == 0 && strcmp(vm.owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"instance %s has not this installation's tag: it %s%s",
				vm_id, *vm.owner ? "belongs to " : "is somebody else's",
				vm.owner);
	if (rc == 0)
		rc = call_of(d, &c, "InstanceId.1", vm_id, &a, &doc, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}

int ec2_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
		void *arg, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf plain = { .data = NULL };
	CLEANUP(free) char *output = NULL;
	struct ec2_call c = { .action = "GetConsoleOutput",
			      .only_reads = true,
			      .deadline = deadline };
	const json_t *doc = NULL;
	const char *encoded;
	size_t len = 0;
	int rc = call_of(d, &c, "InstanceId", vm_id, &a, &doc, err);

	if (rc < 0)
		return rc;
	/* Lines of base64, as MIME has them; nothing until it has booted for a while. */
	encoded = rest_text(doc, "output");
	buf_init(&plain, REST_ANSWER_BYTES);
	for (const char *p = encoded; *p; p++)
		if (!strchr(" \t\r\n", *p))
			buf_putc(&plain, *p);
	if (base64_decode(buf_str(&plain), plain.len, &output, &len, NULL) < 0)
		return drv_fail(err, DRV_TRANSIENT,
				"GetConsoleOutput: the output is not base64");
	text(arg, output, len);
	return 0;
}
