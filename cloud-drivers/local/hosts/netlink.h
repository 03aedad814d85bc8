/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netlink.h - the rtnetlink calls that hosts need.
 *
 * Blocking for a few microseconds each. A struct nl is for one thread and works in the
 * network namespace in which it was opened.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_NETLINK_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_NETLINK_H

#include "cleanup.h"
#include "err.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

#define NL_NAME_MAX 15 /* bytes of an interface name */

struct nl;

int nl_open(struct nl **ret, struct err *err) MUST_CHECK;
void nl_close(struct nl *nl);
DEFINE_CLEANUP(struct nl *, nl_close);

struct nl_link {
	int index;
	char name[16];
	char alias[128];
	char kind[16]; /* "bridge", "veth"; "" for others */
	uint8_t mac[6];
};

/* ERR_NOT_FOUND when there is no such link. */
int nl_link_get(struct nl *nl, const char *name, struct nl_link *ret,
		struct err *err) MUST_CHECK;
typedef void nl_link_fn(void *arg, const struct nl_link *link);
int nl_link_each(struct nl *nl, nl_link_fn *fn, void *arg, struct err *err) MUST_CHECK;
/* It need not exist. */
int nl_link_del(struct nl *nl, const char *name, struct err *err) MUST_CHECK;
int nl_link_up(struct nl *nl, int index, struct err *err) MUST_CHECK;
/* A note on the link, shown by ip link show. */
int nl_link_alias(struct nl *nl, int index, const char *alias,
		  struct err *err) MUST_CHECK;

/* ERR_CONFLICT when something of that name exists. */
int nl_bridge_add(struct nl *nl, const char *name, const uint8_t mac[6],
		  struct err *err) MUST_CHECK;
/*
 * A veth pair: name, up and a port of the bridge, here; peer, down and with that MAC, in
 * the network namespace of process pid.
 */
int nl_veth_add(struct nl *nl, const char *name, int bridge_index, const char *peer,
		const uint8_t peer_mac[6], pid_t pid, struct err *err) MUST_CHECK;

/* It may already exist. */
int nl_addr_add(struct nl *nl, int index, struct in_addr addr, int prefix,
		struct err *err) MUST_CHECK;
int nl_route_default(struct nl *nl, int index, struct in_addr gateway,
		     struct err *err) MUST_CHECK;

/* The MAC that belongs to an address, so that a reused address keeps its MAC. */
void nl_mac_of(struct in_addr addr, uint8_t ret_mac[6]);

#endif
