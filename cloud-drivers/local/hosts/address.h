/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address.h - the addresses of the subnet, taken and released.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_ADDRESS_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_ADDRESS_H

#include "options.h"
#include "state_folder.h"

/* *hint: where to look first, kept by the caller; number is the address' in
 * the subnet. */
int address_take(const struct state *s, const struct local_conf *c, const char *launch_id,
		 uint32_t *hint, uint32_t *ret_number, char ret_address[16],
		 struct err *err) MUST_CHECK;
/* Only if it is that host's; NULL: all of them. */
void address_release(const struct state *s, const char *address, const char *launch_id);
/* Releases every address whose host has no folder. */
void address_sweep(const struct state *s);

#endif
