/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket_address.h - an IP address with a port, from its text.
 */
#ifndef AGENT_DNS_SOCKET_ADDRESS_H
#define AGENT_DNS_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct dns_address {
	struct sockaddr_storage ss;
	socklen_t len;
};

/* "10.0.0.1", "10.0.0.1:53", "[::1]:53", "::1". */
bool dns_address_parse(const char *text, uint16_t default_port, struct dns_address *ret);
bool dns_address_equal(const struct dns_address *a, const struct dns_address *b);
uint16_t dns_address_port(const struct dns_address *a);

#endif
