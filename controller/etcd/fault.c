/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"

const struct kv_fault kv_no_key = { 3, "etcdserver: key is not provided" };
const struct kv_fault kv_value_provided = { 3, "etcdserver: value is provided" };
const struct kv_fault kv_lease_provided = { 3, "etcdserver: lease is provided" };
const struct kv_fault kv_key_not_found = { 3, "etcdserver: key not found" };
const struct kv_fault kv_too_large = { 3, "etcdserver: request is too large" };
const struct kv_fault kv_too_many_ops = {
	3, "etcdserver: too many operations in txn request"
};
const struct kv_fault kv_duplicate_key = {
	3, "etcdserver: duplicate key given in txn request"
};
const struct kv_fault kv_compacted = {
	11, "etcdserver: mvcc: required revision has been compacted"
};
const struct kv_fault kv_future_rev = {
	11, "etcdserver: mvcc: required revision is a future revision"
};
const struct kv_fault kv_no_space = { 8, "etcdserver: mvcc: database space exceeded" };
const struct kv_fault kv_denied = { 7, "etcdserver: permission denied" };
const struct kv_fault kv_db_failed = { 14, "etcdserver: the database cannot be written" };
const struct kv_fault kv_answer_too_large = { 8, "etcdserver: answer is too large" };
const struct kv_fault kv_lease_not_found = { 5, "etcdserver: requested lease not found" };
const struct kv_fault kv_lease_exists = { 9, "etcdserver: lease already exists" };
const struct kv_fault kv_ttl_too_large = { 11, "etcdserver: too large lease TTL" };
const struct kv_fault kv_too_many_leases = { 8, "etcdserver: too many leases" };
const struct kv_fault kv_too_many_watches = { 8, "etcdserver: too many watches" };

/* As the gateway of etcd 3.4 maps gRPC's codes. */
unsigned kv_fault_status(int code)
{
	switch (code) {
	case 3:
	case 11:
		return 400;
	case 5:
		return 404;
	case 6:
	case 10:
		return 409;
	case 7:
		return 403;
	case 8:
		return 429;
	case 9:
		return 412;
	case 12:
		return 501;
	case 14:
		return 503;
	default:
		return 500;
	}
}
