/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease.h - leases: their keys are deleted unless a client keeps the lease alive. JSON is
 * in lease_calls.h.
 *
 * Functions are called with the store's lock held, but where they say otherwise. Times
 * are guarded by the books' lock (owner.h), which they take.
 */
#ifndef CONTROLLER_ETCD_LEASE_H
#define CONTROLLER_ETCD_LEASE_H

#include "member.h"

struct kv_lease {
	int64_t id, ttl_s;
	struct kv_owner *owner;
	/* With the books' lock: */
	int64_t deadline_ms; /* monotonic */
	bool ending;         /* nobody keeps it alive any more */
};

int kv_lease_load(struct kv *kv, struct err *err) MUST_CHECK;
void kv_lease_done(struct kv *kv);

/* NULL when there is none. With either lock. */
struct kv_lease *kv_lease_find(struct kv *kv, int64_t id);
bool kv_lease_may(const struct kv_lease *l, const struct kv_access *a);

/* id 0: any. A very short ttl_s is raised. */
const struct kv_fault *kv_lease_grant(struct kv *kv, int64_t ttl_s, int64_t id,
				      const struct kv_access *a,
				      const struct kv_lease **ret) MUST_CHECK;
/* Deletes the lease's keys and the lease, at one revision. */
const struct kv_fault *kv_lease_end(struct kv *kv, struct kv_lease *l) MUST_CHECK;
/* Ends all of the owner; false: one could not be ended, and those after it were not
 * tried. */
bool kv_lease_end_owner(struct kv *kv, const char *owner) MUST_CHECK;
/* It has its full time again, ret_ttl_s; 0: it has ended. Without the store's lock. */
const struct kv_fault *kv_lease_renew(struct kv *kv, int64_t id,
				      const struct kv_access *a,
				      int64_t *ret_ttl_s) MUST_CHECK;
void kv_lease_renew_all(struct kv *kv, int64_t now_ms);
int64_t kv_lease_left_s(struct kv *kv, const struct kv_lease *l);
/* Ends expired leases; returns the monotonic time of the next end. */
int64_t kv_lease_expire(struct kv *kv, int64_t now_ms);

#endif
