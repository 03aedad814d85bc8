/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "address.h"

#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

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
	else if (a->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, ret, API_ADDRESS_TEXT);
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
