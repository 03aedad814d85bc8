/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease_calls.h - the calls under /v3/lease: JSON in, JSON out.
 */
#ifndef CONTROLLER_ETCD_LEASE_CALLS_H
#define CONTROLLER_ETCD_LEASE_CALLS_H

#include "buf.h"
#include "member.h"

#include <jansson.h>

/* Writes the answer; takes the lock. */
typedef const struct kv_fault *kv_lease_call_fn(struct kv *kv, const json_t *o,
						const struct kv_access *a,
						struct buf *to);
kv_lease_call_fn kv_call_grant, kv_call_revoke, kv_call_keepalive, kv_call_timetolive,
	kv_call_leases;

#endif
