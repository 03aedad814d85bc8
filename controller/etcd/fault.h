/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - errors as etcd reports them to clients: gRPC's code, etcd's message, and the
 * HTTP status of its gateway.
 */
#ifndef CONTROLLER_ETCD_FAULT_H
#define CONTROLLER_ETCD_FAULT_H

#include <stdbool.h>

struct kv_fault {
	int code;
	const char *words;
	bool of_owner; /* a limit of the caller's: it is named */
};

extern const struct kv_fault kv_no_key, kv_value_provided, kv_lease_provided,
	kv_key_not_found, kv_too_large, kv_too_many_ops, kv_duplicate_key, kv_compacted,
	kv_future_rev, kv_no_space, kv_lease_not_found, kv_lease_exists, kv_ttl_too_large,
	kv_too_many_leases, kv_too_many_watches, kv_denied, kv_no_rights_yet,
	kv_rights_changed, kv_db_failed, kv_answer_too_large, kv_owner_no_space,
	kv_stack_no_space, kv_too_many_requests;

unsigned kv_fault_status(int code);

#endif
