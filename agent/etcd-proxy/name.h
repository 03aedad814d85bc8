/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * name.h - the address of a member that is given by its name: a DNS query and its answer.
 */
#ifndef AGENT_ETCD_PROXY_NAME_H
#define AGENT_ETCD_PROXY_NAME_H

#include "dns.h"
#include "err.h"

/* Asks for the A records of host. ERR_INVAL when it is not a name, ERR_UNAVAIL when there
 * is no name server. fn is called only after 0. */
int proxy_name_ask(struct forward *resolver, const char *host, forward_fn *fn, void *arg,
		   struct err *err) MUST_CHECK;
/* The first address in an answer. */
bool proxy_name_address(uint8_t *answer, size_t len, uint16_t port,
			struct dns_address *ret);

#endif
