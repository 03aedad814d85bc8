/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "advertise.h"

#include "check.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

/* An address of this machine that hosts can reach, if the operator sets none. */
static bool own_address(char text[INET_ADDRSTRLEN])
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
		    (a->ifa_flags & IFF_LOOPBACK))
			continue;
		found = inet_ntop(AF_INET,
				  &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr,
				  text, INET_ADDRSTRLEN) != NULL;
	}
	freeifaddrs(all);
	return found;
}

int advertised_url(const struct options *o, uint16_t port, char **ret, struct err *err)
{
	char address[INET_ADDRSTRLEN];

	if (o->advertise && *o->advertise) {
		*ret = xstrdup(o->advertise);
		return 0;
	}
	if (!own_address(address))
		return err_set(
			err, ERR_INVAL,
			"no address was found at which hosts can reach this machine: set "
			"controller.advertise to https://ADDRESS:%u",
			port);
	*ret = xasprintf("https://%s:%u", address, port);
	return 0;
}
