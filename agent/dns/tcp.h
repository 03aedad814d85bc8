/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp.h - DNS over TCP: connections, each with several queries under way.
 */
#ifndef AGENT_DNS_TCP_H
#define AGENT_DNS_TCP_H

#include "err.h"
#include "forward.h"
#include "net.h"

struct dns_tcp;
struct dns_conn;

/* A query; it is answered by dns_conn_reply(), now or, if dns_conn_hold() is called now,
 * later. */
typedef void dns_tcp_fn(void *arg, struct dns_conn *c, const uint8_t *query, size_t len);

int dns_tcp_open(struct loop *l, const struct dns_address *own, dns_tcp_fn *fn, void *arg,
		 struct dns_tcp **ret, struct err *err) MUST_CHECK;
void dns_tcp_close(struct dns_tcp *t);
/* The connection stays in memory until its answer is given. */
void dns_conn_hold(struct dns_conn *c);
/* answer NULL: none. held: dns_conn_hold() was called for it. */
void dns_conn_reply(struct dns_conn *c, const uint8_t *answer, size_t len, bool held);

#endif
