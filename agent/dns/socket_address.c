/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "socket_address.h"

#include "check.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *ret)
{
	int64_t port;
	struct err err;

	if (!isdigit((unsigned char)*text) || conf_parse_int(text, &port, &err) < 0 ||
	    port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

bool dns_address_parse(const char *text, uint16_t default_port, struct dns_address *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->ss;
	const char *colon = strrchr(text, ':');
	bool bracket = *text == '[';
	bool has_port = colon && (bracket ? colon > text && colon[-1] == ']'
					  : strchr(text, ':') == colon);
	uint16_t port = default_port;
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = has_port ? (size_t)(colon - text) : strlen(text);

	memset(ret, 0, sizeof(*ret));
	if (has_port && !parse_port(colon + 1, &port))
		return false;
	if (bracket && (n < 2 || text[n - 1] != ']'))
		return false;
	text += bracket;
	n -= bracket ? 2 : 0;
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!bracket && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		ret->len = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	ret->len = sizeof(*v6);
	return true;
}

bool dns_address_equal(const struct dns_address *a, const struct dns_address *b)
{
	return a->len == b->len && memcmp(&a->ss, &b->ss, a->len) == 0;
}

uint16_t dns_address_port(const struct dns_address *a)
{
	/* The port is at the same place in both families. */
	return ntohs(((const struct sockaddr_in *)&a->ss)->sin_port);
}
