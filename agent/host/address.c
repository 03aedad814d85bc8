/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"

#include "cleanup.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool to_text(const struct sockaddr *sa, char ret[ADDRESS_TEXT])
{
	const void *a =
		sa->sa_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
			: &((const struct sockaddr_in6 *)sa)->sin6_addr;

	return inet_ntop(sa->sa_family, a, ret, ADDRESS_TEXT) != NULL;
}

/* The kernel's choice for a route; connecting a UDP socket sends nothing. */
static bool towards(const char *url, char ret[ADDRESS_TEXT])
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;
	socklen_t len = sizeof(sa);
	CLEANUP(close_fd) int fd = -1;
	char host[64];

	if (sscanf(url, "%*[a-z]://[%63[^]]", host) == 1 &&
	    inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(9);
	} else if (sscanf(url, "%*[a-z]://%63[^:/]", host) == 1 &&
		   inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(9);
	} else {
		return false;
	}
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	       getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       to_text((struct sockaddr *)&sa, ret);
}

static bool of_interface(int family, char ret[ADDRESS_TEXT])
{
	struct ifaddrs *list = NULL;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
		const struct sockaddr_in6 *in6 = (const void *)i->ifa_addr;

		if (!i->ifa_addr || i->ifa_addr->sa_family != family ||
		    !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK) ||
		    (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)))
			continue;
		found = to_text(i->ifa_addr, ret);
	}
	freeifaddrs(list);
	return found;
}

int address_find(const char *controller_url, char ret[ADDRESS_TEXT], struct err *err)
{
	if (towards(controller_url, ret) || of_interface(AF_INET, ret) ||
	    of_interface(AF_INET6, ret))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "this host has no address but loopback");
}
