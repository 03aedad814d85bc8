/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one instance a launch id, however often it is sent: the id is EC2's client
 * token.
 *
 * EC2 takes a token again with the same parameters alone. If the options changed between
 * an unanswered launch and its repetition, or the instance is gone, it refuses, and the
 * instance is looked up by the token.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

#include <string.h>

/* *ret->id stays empty when none is seen. */
static int find_launched(struct drv *d, const struct drv_launch *l, int64_t deadline,
			 struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf form;
	struct ec2_call c = { .action = "DescribeInstances",
			      .only_reads = true,
			      .deadline = deadline };
	const json_t *doc = NULL;
	int rc;

	ec2_form(&form, c.action);
	ec2_add_filter(&form, 1, "client-token", l->launch_id);
	ec2_add_filter(&form, 2, "tag:" TAG_OWNER, l->owner);
	c.form = buf_str(&form);
	rc = ec2_call(d, &c, &a, &doc, err);
	if (rc < 0)
		return rc;
	(void)ec2_each_instance(doc, ec2_keep_instance, ret);
	return 0;
}

/* After a launch that EC2 refused as one that it had before: err says so. */
static int launched_before(struct drv *d, const struct drv_launch *l, int64_t deadline,
			   struct drv_vm *ret, struct drv_err *err)
{
	struct drv_vm vm = { .id = "" };
	struct drv_err e;

	/* What the first call did is still unknown. */
	if (find_launched(d, l, deadline, &vm, &e) < 0)
		return err->cls = DRV_AMBIGUOUS;
	if (*vm.id && strcmp(vm.owner, l->owner) == 0 &&
	    strcmp(vm.launch_id, l->launch_id) == 0) {
		*ret = vm;
		return 0;
	}
	if (strcmp(err->code, "IdempotentInstanceTerminated") == 0)
		err->cls = DRV_NOTFOUND;
	/* What it launched may not be shown yet. */
	else if (!*vm.id)
		err->cls = DRV_AMBIGUOUS;
	return err->cls;
}

static int read_launched(const json_t *doc, const struct drv_launch *l,
			 struct drv_vm *ret, struct drv_err *err)
{
	const json_t *instances = rest_at(doc, "instancesSet");

	ec2_instance_read(json_array_get(instances, 0), ret);
	if (!ec2_is_instance_id(ret->id))
		return drv_fail(err, DRV_AMBIGUOUS,
				"RunInstances: the answer names no instance");
	/* The tags are there, but the answer may be without them. */
	snprintf(ret->launch_id, sizeof(ret->launch_id), "%s", l->launch_id);
	snprintf(ret->owner, sizeof(ret->owner), "%s", l->owner);
	snprintf(ret->pool, sizeof(ret->pool), "%s", l->pool);
	snprintf(ret->name, sizeof(ret->name), "%s", l->name);
	return 0;
}

int ec2_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	       struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf form;
	struct ec2_call c = { .action = "RunInstances", .deadline = deadline };
	const json_t *doc = NULL;
	int rc = ec2_run_form(d, l, deadline, &form, err);

	if (rc < 0)
		return rc;
	c.form = buf_str(&form);
	rc = ec2_call(d, &c, &a, &doc, err);
	if (rc == DRV_CONFLICT && strncmp(err->code, "Idempotent", 10) == 0)
		return launched_before(d, l, deadline, ret, err);
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	return rc < 0 ? rc : read_launched(doc, l, ret, err);
}
