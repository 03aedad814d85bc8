/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unicast.h"

#include <arpa/inet.h>
#include <netinet/in.h>

bool is_unicast(const char *address)
{
	struct in6_addr six;
	struct in_addr four;
	unsigned first;

	if (inet_pton(AF_INET, address, &four) == 1) {
		first = ntohl(four.s_addr) >> 24;
		/* 224 to 239 are groups, those after them nobody's. */
		return first != 0 && first != 127 && first < 224;
	}
	return inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_LOOPBACK(&six) &&
	       !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_MULTICAST(&six) &&
	       !IN6_IS_ADDR_V4MAPPED(&six);
}
