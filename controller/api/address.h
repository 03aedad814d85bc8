/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address.h - addresses that are listened on, and of callers.
 */
#ifndef CONTROLLER_API_ADDRESS_H
#define CONTROLLER_API_ADDRESS_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* "127.0.0.1:7070", "[::1]:7070". */
int api_address_parse(const char *text, struct sockaddr_storage *ret,
		      struct err *err) MUST_CHECK;
/* A socket that listens there, the caller's, and its port. At [::] also for IPv4. */
int api_address_listen(const struct sockaddr_storage *where, int *ret, uint16_t *ret_port,
		       struct err *err) MUST_CHECK;
bool api_is_loopback(const struct sockaddr *a);

/* Without its port: "10.0.0.1", also when it came to a socket for both families. "" when
 * it has none. */
#define API_ADDRESS_TEXT 48
void api_address_text(const struct sockaddr *a, char ret[API_ADDRESS_TEXT]);
/* The same of what one caller has: of an IPv6 address the network, "2001:db8::". */
void api_address_network(const struct sockaddr *a, char ret[API_ADDRESS_TEXT]);

#endif
