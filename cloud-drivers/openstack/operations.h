/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of driver.h that have files of their own.
 */
#ifndef OPENSTACK_OPERATIONS_H
#define OPENSTACK_OPERATIONS_H

#include "driver.h"

/* In launch.c; the labels' check is of it too. */
int os_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err);
/* In list.c. */
int os_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err);
/* In terminate.c. */
int os_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err);
int os_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
	       void *arg, struct drv_err *err);
/* In quota.c. */
int os_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err);
/* In validate.c. */
int os_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err);

#endif
