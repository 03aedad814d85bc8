/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of the driver that have files of their own.
 */
#ifndef FAKE_OPERATIONS_H
#define FAKE_OPERATIONS_H

#include "driver.h"

/* In launch.c. */
int fake_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	       struct drv_err *err);
int fake_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
		struct drv_vm *ret, struct drv_err *err);
/* In list.c. */
int fake_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	      void *arg, struct drv_err *err);

#define USER_DATA_MAX 16384
#define LABELS_MAX 16

#endif
