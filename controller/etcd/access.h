/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access.h - whether a caller may read or write a range of keys.
 */
#ifndef CONTROLLER_ETCD_ACCESS_H
#define CONTROLLER_ETCD_ACCESS_H

#include "etcd.h"
#include "keyspace.h"

/* end empty: the one key. */
bool kv_may(const struct kv_access *a, bool write, const struct kv_bytes *key,
	    const struct kv_bytes *end);
bool kv_may_all(const struct kv_access *a);

#endif
