/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance.h - an instance of EC2's as a VM of the ABI.
 */
#ifndef EC2_INSTANCE_H
#define EC2_INSTANCE_H

#include "driver.h"

#include <jansson.h>
#include <stdbool.h>

/* From an item of an instancesSet. */
void ec2_instance_read(const json_t *instance, struct drv_vm *ret);

/* Each instance in the content of DescribeInstancesResponse; false: it has no such set.
 */
bool ec2_each_instance(const json_t *doc, drv_vm_fn *each, void *arg);

/* A drv_vm_fn: arg is the struct drv_vm that becomes it. */
void ec2_keep_instance(void *arg, const struct drv_vm *vm);

/* Whether it may be an instance's id. */
bool ec2_is_instance_id(const char *id);

#endif
