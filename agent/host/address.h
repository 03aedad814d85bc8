/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address.h - the address at which others reach this host.
 */
#ifndef AGENT_HOST_ADDRESS_H
#define AGENT_HOST_ADDRESS_H

#include "err.h"

#define ADDRESS_TEXT 64

/*
 * The address from which packets to the controller leave, when its URL has an IP address
 * and there is a route; else that of the default route; else the first one of an
 * interface that is up and not loopback. IPv4 before IPv6, and of the latter two no
 * link-local one, so a host with one of both has that. ERR_NOT_FOUND when there is none.
 * Sends nothing.
 */
int address_find(const char *controller_url, char ret[ADDRESS_TEXT],
		 struct err *err) MUST_CHECK;

#endif
