/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nameservers.h - the nameservers that queries are forwarded to, from a list or from
 * resolv.conf.
 */
#ifndef AGENT_DNS_NAMESERVERS_H
#define AGENT_DNS_NAMESERVERS_H

#include "err.h"
#include "socket_address.h"

#include <stddef.h>

#define NAMESERVERS_MAX 8

struct nameservers {
	struct dns_address v[NAMESERVERS_MAX];
	size_t n;
};

/* "10.0.0.2,[fd00::2]:5353". ERR_INVAL when one is not an address. */
int nameservers_parse(const char *list, struct nameservers *ret,
		      struct err *err) MUST_CHECK;
/* Those of the file but own; none when it cannot be read. */
void nameservers_read(const char *resolv_conf, const struct dns_address *own,
		      struct nameservers *ret);

#endif
