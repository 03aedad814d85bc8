/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"

#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096

bool api_is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *in = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	if (a->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return a->sa_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
					    (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) &&
					     in6->sin6_addr.s6_addr[12] == 127));
}

void api_address_text(const struct sockaddr *a, char ret[API_ADDRESS_TEXT])
{
	const struct sockaddr_in *in = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	*ret = '\0';
	if (a->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &in->sin_addr, ret, API_ADDRESS_TEXT);
	else if (a->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		(void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], ret,
				API_ADDRESS_TEXT);
	else if (a->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, ret, API_ADDRESS_TEXT);
}

void api_address_network(const struct sockaddr *a, char ret[API_ADDRESS_TEXT])
{
	struct sockaddr_in6 in6;

	if (a->sa_family != AF_INET6) {
		api_address_text(a, ret);
		return;
	}
	memcpy(&in6, a, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) &&
	    !IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr))
		memset(in6.sin6_addr.s6_addr + 8, 0, 8);
	api_address_text((struct sockaddr *)&in6, ret);
}

int api_address_parse(const char *text, struct sockaddr_storage *ret, struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	CLEANUP(free) char *host = xstrdup(text);
	char *colon = strrchr(host, ':');
	char *name = host;
	struct addrinfo *found = NULL;

	if (!colon || !colon[1])
		return err_set(err, ERR_INVAL, "'%s' is not an ADDRESS:PORT", text);
	*colon = '\0';
	if (*name == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		name++;
	}
	if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
		return err_set(err, ERR_INVAL, "'%s' is not an ADDRESS:PORT", text);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

int api_address_listen(const struct sockaddr_storage *where, int *ret, uint16_t *ret_port,
		       struct err *err)
{
	const socklen_t size = where->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							    : sizeof(struct sockaddr_in);
	CLEANUP(close_fd)
	int fd = socket(where->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	/* All addresses are those of IPv4 too. */
	const int six_only = !IN6_IS_ADDR_UNSPECIFIED(
		&((const struct sockaddr_in6 *)where)->sin6_addr);
	const int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (where->ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof(six_only)) !=
		     0) ||
	    bind(fd, (const struct sockaddr *)where, size) != 0 ||
	    listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &len) != 0)
		return err_errno(err, ERR_UNAVAIL, "its socket");
	*ret_port =
		ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
						: ((struct sockaddr_in *)&own)->sin_port);
	*ret = fd;
	fd = -1;
	return 0;
}
