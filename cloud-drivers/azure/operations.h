/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of driver.h that have files of their own.
 */
#ifndef AZURE_OPERATIONS_H
#define AZURE_OPERATIONS_H

#include "driver.h"

#include <jansson.h>

/* In launch.c. */
int azure_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
		 struct drv_vm *ret, struct drv_err *err);
/* In request.c: the body of a PUT that launch() would send. */
int azure_request(struct drv *d, const struct drv_launch *l, json_t **ret,
		  struct drv_err *err);
/* In network.c: its networkProfile. */
json_t *azure_network(const struct drv *d);
/* In list.c. */
int azure_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	       void *arg, struct drv_err *err);
/* In terminate.c. */
int azure_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		    struct drv_err *err);
/* In console.c. */
int azure_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
		  void *arg, struct drv_err *err);
/* In skus.c. */
int azure_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		struct drv_err *err);
/* In quota.c. */
int azure_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
		struct drv_err *err);
/* In validate.c. */
int azure_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		   struct drv_err *err);

#endif
