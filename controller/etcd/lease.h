/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease.h - leases: their keys are deleted unless a client keeps the lease alive. JSON is
 * in lease_calls.h. All functions are called with the lock held.
 */
#ifndef CONTROLLER_ETCD_LEASE_H
#define CONTROLLER_ETCD_LEASE_H

#include "member.h"

struct kv_lease {
	int64_t id, ttl_s, deadline_ms; /* monotonic */
	char *owner;
};

int kv_lease_load(struct kv *kv, struct err *err) MUST_CHECK;
void kv_lease_done(struct kv *kv);

/* NULL when there is none. */
struct kv_lease *kv_lease_find(struct kv *kv, int64_t id);
bool kv_lease_may(const struct kv_lease *l, const struct kv_access *a);

/* id 0: any. A very short ttl_s is raised. *ret is valid until the next call. */
const struct kv_fault *kv_lease_grant(struct kv *kv, int64_t ttl_s, int64_t id,
				      const struct kv_access *a,
				      const struct kv_lease **ret) MUST_CHECK;
/* Deletes the lease's keys and the lease, at one revision. */
const struct kv_fault *kv_lease_end(struct kv *kv, struct kv_lease *l) MUST_CHECK;
void kv_lease_renew(struct kv_lease *l, int64_t now_ms); /* it has its full time */
void kv_lease_renew_all(struct kv *kv, int64_t now_ms);
/* Ends expired leases; returns the monotonic time of the next end. */
int64_t kv_lease_expire(struct kv *kv, int64_t now_ms);

#endif
