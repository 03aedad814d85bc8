/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"

const struct kv_fault kv_no_key = { .code = 3,
				    .words = "etcdserver: key is not provided" };
const struct kv_fault kv_value_provided = { .code = 3,
					    .words = "etcdserver: value is provided" };
const struct kv_fault kv_lease_provided = { .code = 3,
					    .words = "etcdserver: lease is provided" };
const struct kv_fault kv_key_not_found = { .code = 3,
					   .words = "etcdserver: key not found" };
const struct kv_fault kv_too_large = { .code = 3,
				       .words = "etcdserver: request is too large" };
const struct kv_fault kv_too_many_ops = {
	.code = 3, .words = "etcdserver: too many operations in txn request"
};
const struct kv_fault kv_duplicate_key = {
	.code = 3, .words = "etcdserver: duplicate key given in txn request"
};
const struct kv_fault kv_compacted = {
	.code = 11, .words = "etcdserver: mvcc: required revision has been compacted"
};
const struct kv_fault kv_future_rev = {
	.code = 11, .words = "etcdserver: mvcc: required revision is a future revision"
};
const struct kv_fault kv_no_space = {
	.code = 8, .words = "etcdserver: mvcc: database space exceeded"
};
const struct kv_fault kv_denied = { .code = 7, .words = "etcdserver: permission denied" };
const struct kv_fault kv_db_failed = {
	.code = 14, .words = "etcdserver: the database cannot be written"
};
const struct kv_fault kv_answer_too_large = { .code = 8,
					      .words =
						      "etcdserver: answer is too large" };
const struct kv_fault kv_lease_not_found = {
	.code = 5, .words = "etcdserver: requested lease not found"
};
const struct kv_fault kv_lease_exists = { .code = 9,
					  .words = "etcdserver: lease already exists" };
const struct kv_fault kv_ttl_too_large = { .code = 11,
					   .words = "etcdserver: too large lease TTL",
					   .of_owner = true };
const struct kv_fault kv_too_many_leases = { .code = 8,
					     .words = "etcdserver: too many leases",
					     .of_owner = true };
const struct kv_fault kv_too_many_watches = { .code = 8,
					      .words = "etcdserver: too many watches",
					      .of_owner = true };

const struct kv_fault kv_owner_no_space = {
	.code = 8, .words = "etcdserver: mvcc: database space exceeded", .of_owner = true
};
const struct kv_fault kv_stack_no_space = {
	.code = 8,
	.words = "etcdserver: mvcc: database space exceeded: the programs of one stack "
		 "have a quarter of it together"
};
const struct kv_fault kv_too_many_requests = { .code = 8,
					       .words = "etcdserver: too many requests",
					       .of_owner = true };
const struct kv_fault kv_no_rights_yet = {
	.code = 7,
	.words = "etcdserver: permission denied: the controller has not said yet what "
		 "this host may do: ask again"
};

const struct kv_fault kv_rights_changed = {
	.code = 7,
	.words = "etcdserver: permission denied: what this host may do has changed "
		 "meanwhile: ask again"
};

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
