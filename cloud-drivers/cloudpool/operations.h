/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of driver.h that have files of their own.
 */
#ifndef CLOUDPOOL_OPERATIONS_H
#define CLOUDPOOL_OPERATIONS_H

#include "driver.h"

/* In launch.c. */
int cp_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err);
/* In machines.c. */
int cp_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err);
int cp_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err);
/* In validate.c. */
int cp_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err);

#endif
