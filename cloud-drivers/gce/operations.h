/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - the operations of driver.h that have files of their own.
 */
#ifndef GCE_OPERATIONS_H
#define GCE_OPERATIONS_H

#include "driver.h"

#include <jansson.h>

/* In launch.c. */
int gce_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	       struct drv_vm *ret, struct drv_err *err);
/* In request.c: the body of an insert that launch() would send. */
int gce_request(const struct drv *d, const struct drv_launch *l, json_t **ret,
		struct drv_err *err);
/* The VM's name for a host's, which may begin as no VM's may; the caller frees it. */
char *gce_instance_name(const char *host);
/* The launch's zone, or the option's; NULL: none. */
const char *gce_zone_of(const struct drv *d, const struct drv_launch *l);
/* In list.c. */
int gce_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	     void *arg, struct drv_err *err);
/* In terminate.c. */
int gce_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		  struct drv_err *err);
int gce_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
		void *arg, struct drv_err *err);
/* In types.c. */
int gce_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	      struct drv_err *err);
/* In quota.c. */
int gce_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
	      struct drv_err *err);
/* In validate.c. */
int gce_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		 struct drv_err *err);

#endif
