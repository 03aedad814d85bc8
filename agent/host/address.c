/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"

#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/in6.h>
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

/* What a host gives itself where nobody gives it one: good on one cable. */
static bool is_link_local(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET6)
		return IN6_IS_ADDR_LINKLOCAL(
			&((const struct sockaddr_in6 *)sa)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 16 == 0xa9fe;
}

static bool from_text(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(9);
	} else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(9);
	} else {
		return false;
	}
	return true;
}

/*
 * The kernel's choice for a route; connecting a UDP socket sends nothing. Of IPv6 the
 * lasting address: the temporary ones of privacy are gone after a day.
 */
static bool leaves_from(const char *to, struct sockaddr_storage *ret)
{
	const int lasting = IPV6_PREFER_SRC_PUBLIC;
	socklen_t len = sizeof(*ret);
	CLEANUP(close_fd) int fd = -1;

	if (!from_text(to, ret))
		return false;
	fd = socket(ret->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (ret->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, &lasting,
				 sizeof(lasting));
	return connect(fd, (struct sockaddr *)ret, sizeof(*ret)) == 0 &&
	       getsockname(fd, (struct sockaddr *)ret, &len) == 0;
}

static bool towards(const char *url, char ret[ADDRESS_TEXT])
{
	struct sockaddr_storage sa;
	char host[64];

	return (sscanf(url, "%*[a-z]://[%63[^]]", host) == 1 ||
		sscanf(url, "%*[a-z]://%63[^:/]", host) == 1) &&
	       leaves_from(host, &sa) && to_text((struct sockaddr *)&sa, ret);
}

/*
 * Of two addresses for documentation, which only a default route leads to: not those of
 * bridges for containers.
 */
static bool outwards(char ret[ADDRESS_TEXT])
{
	static const char *const anywhere[] = { "192.0.2.1", "2001:db8::1" };

	for (size_t i = 0; i < ARRAY_SIZE(anywhere); i++) {
		struct sockaddr_storage sa;

		if (leaves_from(anywhere[i], &sa) &&
		    !is_link_local((struct sockaddr *)&sa) &&
		    to_text((struct sockaddr *)&sa, ret))
			return true;
	}
	return false;
}

static bool of_interface(int family, char ret[ADDRESS_TEXT])
{
	struct ifaddrs *list = NULL;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == family &&
		    (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK) &&
		    !is_link_local(i->ifa_addr))
			found = to_text(i->ifa_addr, ret);
	freeifaddrs(list);
	return found;
}

int address_find(const char *controller_url, char ret[ADDRESS_TEXT], struct err *err)
{
	if (towards(controller_url, ret) || outwards(ret) || of_interface(AF_INET, ret) ||
	    of_interface(AF_INET6, ret))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "this host has no address but loopback");
}
