/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.h - checks of an operation that do not depend on the stored data: missing
 * keys, keys changed twice, access rights. Pure.
 */
#ifndef CONTROLLER_ETCD_VALIDATE_H
#define CONTROLLER_ETCD_VALIDATE_H

#include "fault.h"
#include "op.h"

struct kv_access;

const struct kv_fault *kv_op_check(const struct kv_op *op,
				   const struct kv_access *a) MUST_CHECK;

#endif
