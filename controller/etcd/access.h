/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access.h - whether a caller may read or write a range of keys.
 */
#ifndef CONTROLLER_ETCD_ACCESS_H
#define CONTROLLER_ETCD_ACCESS_H

#include "etcd.h"
#include "fault.h"
#include "keyspace.h"
#include "op.h"

/* end empty: the one key. */
bool kv_may(const struct kv_access *a, bool write, const struct kv_bytes *key,
	    const struct kv_bytes *end);
bool kv_may_all(const struct kv_access *a);

/* Of a put or a delete, its value included. */
enum kv_right {
	KV_DENIED,
	KV_GRANTED,
	KV_IF_OWN, /* when what is there is under a lease of the caller: kv_may_on() */
};
enum kv_right kv_may_write(const struct kv_access *a, const struct kv_op *op);
/*
 * The rest of the answer, with the lock held: what is there (NULL: nothing), and whether
 * that, and the lease that a put names, are the caller's.
 */
bool kv_may_on(const struct kv_access *a, const struct kv_op *op,
	       const struct kv_change *is, bool owns_it, bool owns_lease);

/* The fault of what is denied. */
const struct kv_fault *kv_denial(const struct kv_access *a);
/* What of op is denied, for people. */
void kv_denial_words(const struct kv_access *a, const struct kv_op *op, char *ret,
		     size_t n);

/* ---- rights.c */

/* Whether the rights that a was made from are still those of its host. The lock is held.
 */
bool kv_rights_stand(const struct kv *kv, const struct kv_access *a);
void kv_rights_done(struct kv *kv);

#endif
