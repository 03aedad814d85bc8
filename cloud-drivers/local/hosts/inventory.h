/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inventory.h - the hosts and their states.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_INVENTORY_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_INVENTORY_H

#include "driver.h"
#include "err.h"
#include "meta.h"
#include "state_folder.h"

typedef void inventory_fn(void *arg, const struct meta *m, enum drv_vm_state state,
			  const char *message);

/*
 * Every host of every owner. Cleans up hosts that a killed process left half created or
 * half removed. All or an error. A state folder that does not exist has no hosts.
 */
int inventory_each(const struct state *s, int64_t wait_ms, inventory_fn *fn, void *arg,
		   struct err *err) MUST_CHECK;

#endif
