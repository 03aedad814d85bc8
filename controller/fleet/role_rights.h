/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * role_rights.h - a host's rights as the permissions of a role of an etcd.
 */
#ifndef CONTROLLER_FLEET_ROLE_RIGHTS_H
#define CONTROLLER_FLEET_ROLE_RIGHTS_H

#include "etcd.h"
#include "store.h"

/* Of its agent, and of its programs; sorted, each range once. The caller frees them. */
struct store_permissions role_of_agent(const struct kv_rights *r);
struct store_permissions role_of_programs(const struct kv_rights *r);

/* The order of permissions, by their keys; 0: of the same keys. */
int permission_order(const struct store_permission *a, const struct store_permission *b);
/* The index in p of a permission of the same keys, or where it belongs. */
size_t permission_place(const struct store_permissions *p,
			const struct store_permission *of, bool *ret_is);
void permissions_sort(struct store_permissions *p);

#endif
