/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - every instance with the owner's tag, page after page. Those that have gone are
 * shown for about an hour, with the reason.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

#include <string.h>

/* Some 8 KB each: a page is far below what is read of an answer. */
#define PER_PAGE 500

struct listing {
	const char *owner;
	drv_vm_fn *each;
	void *arg;
	struct rest_pages seen; /* of ids */
};

static void give(void *arg, const struct drv_vm *vm)
{
	struct listing *l = arg;

	if (strcmp(vm->owner, l->owner) == 0 && *vm->id &&
	    rest_pages_is_new(&l->seen, vm->id))
		l->each(l->arg, vm);
}

static int read_page(void *arg, const json_t *doc, struct drv_err *err)
{
	if (ec2_each_instance(doc, give, arg))
		return 0;
	return drv_fail(err, DRV_TRANSIENT,
			"DescribeInstances: the answer has no reservations");
}

int ec2_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	     void *arg, struct drv_err *err)
{
	struct listing l = { .owner = owner, .each = each, .arg = arg };
	CLEANUP(buf_done) struct buf form;
	int rc;

	ec2_form(&form, "DescribeInstances");
	ec2_add_filter(&form, 1, "tag:" TAG_OWNER, owner);
	ec2_add_int(&form, PER_PAGE, "MaxResults");
	rc = ec2_each_page(d, "DescribeInstances", buf_str(&form), deadline, read_page,
			   &l, err);
	rest_pages_done(&l.seen);
	return rc;
}
