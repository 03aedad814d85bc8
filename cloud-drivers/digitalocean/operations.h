/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of driver.h that have files of their own.
 */
#ifndef DIGITALOCEAN_OPERATIONS_H
#define DIGITALOCEAN_OPERATIONS_H

#include "driver.h"

/* In launch.c. */
int do_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err);
/* In droplets.c. */
int do_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err);
int do_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err);
/* In account.c. */
int do_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err);
int do_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err);
/* In validate.c. */
int do_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err);

#endif
