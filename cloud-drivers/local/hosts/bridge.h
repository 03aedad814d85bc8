/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bridge.h - the bridge that joins the hosts, and the names of their links.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_BRIDGE_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_BRIDGE_H

#include "err.h"
#include "netlink.h"
#include "options.h"
#include "state_folder.h"

/* "fv" + tag + the address' number: unique on the machine, at most 15 bytes. */
void network_veth_name(const struct state *s, uint32_t number, char ret[16]);

/* The prefix of a state folder's link names, and the alias of a bridge that
 * it created. */
void network_veth_prefix(const struct state *s, char ret[16]);
void network_alias(const struct state *s, char ret[32]);

/*
 * Finds the bridge or creates it, with the gateway's address. ERR_CONFLICT when the name
 * or the subnet is used otherwise.
 */
int network_bridge(struct nl *nl, const struct state *s, const struct local_conf *c,
		   int *ret_index, struct err *err) MUST_CHECK;

/* ERR_CONFLICT when a link of the bridge's name is not a bridge or belongs to another
 * folder. */
int network_check_bridge(const struct local_conf *c, const struct nl_link *link,
			 const char *alias, struct err *err) MUST_CHECK;

/* Whether another link than the bridge has an address inside the subnet. */
int network_check_subnet(const struct local_conf *c, struct err *err) MUST_CHECK;

#endif
