/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * op_write.h - what an operation found and did, as JSON. The lock is not needed.
 */
#ifndef CONTROLLER_ETCD_OP_WRITE_H
#define CONTROLLER_ETCD_OP_WRITE_H

#include "buf.h"
#include "op.h"

/* The members of its answer, besides the header. */
void kv_op_write(struct kv_op *op, struct buf *to);

#endif
