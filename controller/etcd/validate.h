/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.h - what is wrong with an operation whatever the store holds: missing keys,
 * keys changed twice, rights that the caller lacks. Pure.
 */
#ifndef CONTROLLER_ETCD_VALIDATE_H
#define CONTROLLER_ETCD_VALIDATE_H

#include "fault.h"
#include "op.h"

struct kv_access;

const struct kv_fault *kv_op_check(const struct kv_op *op,
				   const struct kv_access *a) MUST_CHECK;

#endif
