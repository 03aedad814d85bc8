/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unicast.h - whether a text is an IP address that others can reach one host by.
 */
#ifndef COMMON_UNICAST_H
#define COMMON_UNICAST_H

#include <stdbool.h>

/*
 * IPv4 or IPv6 as inet_pton() reads it; not loopback, unspecified, multicast, broadcast,
 * or IPv4 in IPv6.
 */
bool is_unicast(const char *address);

#endif
